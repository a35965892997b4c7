"""`saddle ls`: the catalogue. Reads source files, so that it answers before torch could be imported."""

from __future__ import annotations

from dataclasses import asdict

from saddlepoint import catalogue
from saddlepoint.cli.common import Json, print_json
from saddlepoint.errors import UserError


def ls(pattern: str = "*", /, *, as_json: Json = False) -> None:
    """List the recipes.

    Example: saddle ls 'wgan*'

    Args:
        pattern: Names to list, as a glob.
    """
    entries = [catalogue.info(name) for name in catalogue.names(pattern)]
    if not entries:
        raise UserError(f"No recipe matches {pattern!r}: `saddle ls` lists them all.")
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        values = " ".join(f"{key}={value}" for key, value in entry.preset.items())
        about = f"{entry.recipe} with {values}" if entry.preset else entry.summary
        print(f"{entry.name:<{width}}  {entry.paper.year}  {about}")
