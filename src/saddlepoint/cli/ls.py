"""`saddle ls`: the catalogue. Reads source files, so that it answers before torch could be imported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from saddlepoint import catalogue
from saddlepoint.cli.common import Flag, Json, print_json
from saddlepoint.cli.taxonomy import answers, drawn, grown
from saddlepoint.errors import UserError


def ls(pattern: str = "*", /, *, taxonomy: Flag = False, as_json: Json = False) -> None:
    """List the recipes by kind: name, year, what a trained model can do besides sampling, and the idea.

    Example: saddle ls 'wgan*'

    Args:
        pattern: Names to list, as a glob.
        taxonomy: As the tree of generative models by what they do about p(x), with what each can answer.
    """
    entries = [catalogue.info(name) for name in catalogue.names(pattern)]
    if not entries:
        raise UserError(f"No recipe matches {pattern!r}: `saddle ls` lists them all.")
    if taxonomy:
        _tree(entries, as_json)
        return
    if as_json:
        print_json([asdict(entry) for entry in entries])
        return
    name, can = (
        max(len(text) for text in column) for column in zip(*((e.name, _can(e)) for e in entries), strict=True)
    )
    for group, title in catalogue.GROUPS.items():
        own = sorted(
            (e for e in entries if e.group == group), key=lambda e: (e.paper.year, e.recipe, e.name != e.recipe)
        )
        if own:
            print(f"{title}")
        for entry in own:
            values = " ".join(f"{key}={value}" for key, value in entry.preset.items())
            about = f"{entry.recipe} with {values}" if entry.preset else entry.summary
            print(f"  {entry.name:<{name}}  {entry.paper.year}  {_can(entry):<{can}}  {about}")


def _can(entry: catalogue.Entry) -> str:
    """What a trained model does besides giving samples, which all do."""
    return ", ".join(what for what in entry.can if what != "samples") or "-"


def _tree(entries: Sequence[catalogue.Entry], as_json: bool) -> None:
    tree = grown(entries)
    if not any(tree.values()):
        raise UserError("Presets stand in the tree where their recipes do: name those.")
    if not as_json:
        print("\n".join(drawn(tree)))
        return
    nested: dict[str, dict[str, dict[str, list[str]]]] = {}
    for (branch, leaf), members in tree.items():
        nested.setdefault(branch, {})[leaf] = {entry.name: answers(entry) for entry in members}
    print_json(nested)
