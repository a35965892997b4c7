"""Each paper's claim as a measurement: one file per recipe, of the same name."""
