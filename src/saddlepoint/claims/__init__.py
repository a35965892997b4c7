"""Each paper's claim as a measurement."""
