"""`saddle cite`: the paper to cite."""

from __future__ import annotations

from saddlepoint import catalogue
from saddlepoint.cli.common import Recipe


def cite(name: Recipe, /) -> None:
    """Print the BibTeX entry of a recipe's paper.

    Example: saddle cite dcgan >> references.bib

    Args:
        name: A recipe; `saddle ls` lists them.
    """
    print(catalogue.citation(name))
