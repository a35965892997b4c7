"""The evaluator: how far samples are from data, each number with its protocol."""
