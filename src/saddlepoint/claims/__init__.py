"""Each paper's claim as a measurement: one file per recipe, of the same name; and protocols that compare recipes."""

PROTOCOLS = ("grid", "stacked", "one_dimension", "tips", "likelihood", "semi_supervised")
"""Modules that hold a protocol rather than a recipe's claim."""
