"""Data: from any source to examples of one shape, decoded once, in splits that never move."""
