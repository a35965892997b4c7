"""The explorer's routes, and nothing but: what they do stands in the modules of `saddlepoint.web`."""
