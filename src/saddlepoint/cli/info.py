"""`saddle info`: all there is to know about one recipe before training it."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin

from saddlepoint import catalogue
from saddlepoint.cli.common import Json, Recipe, console, print_json

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from saddlepoint.config import Config

Row = dict[str, Any]


def info(name: Recipe, /, *, as_json: Json = False) -> None:
    """Show a recipe: its paper, what it can do, and every option with type, default and meaning.

    Example: saddle info wgan_gp

    Args:
        name: A recipe; `saddle ls` lists them.
    """
    facts = describe(name)
    if as_json:
        print_json(facts)
    else:
        _show(facts)


def describe(name: str) -> dict[str, Any]:
    """A recipe as plain data: what the command prints."""
    from saddlepoint.config import DataConfig, TrainConfig
    from saddlepoint.recipe import capabilities

    entry = catalogue.info(name)
    recipe = catalogue.recipe_class(name)
    tables = {"Recipe": recipe.Config, "Training": TrainConfig, "Data": DataConfig}
    defaults = {"Recipe": catalogue.configure(name).model_dump()}
    return {
        "name": name,
        "summary": entry.summary,
        "paper": {key: value for key, value in vars(entry.paper).items() if value},
        "capabilities": capabilities(recipe),
        "learns": list(recipe.kinds),
        "min_side": recipe.min_side,
        "needs_labels": recipe.conditional,
        "presets": [n for n in catalogue.names() if catalogue.info(n).recipe == entry.recipe and n != entry.recipe],
        "options": {title: rows(schema, defaults.get(title, {})) for title, schema in tables.items()},
    }


def rows(schema: type[Config], values: Mapping[str, Any]) -> list[Row]:
    """One row for each field of a config: key, type, default (from `values` where given there), meaning."""
    return [
        {
            "key": key,
            "type": _type(field),
            "default": values.get(key, field.get_default(call_default_factory=True)),
            "meaning": " ".join((field.description or "").split()),
        }
        for key, field in schema.model_fields.items()
    ]


def _type(field: FieldInfo) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    bounds = [(sign, getattr(limit, key, None)) for limit in field.metadata for key, sign in signs.items()]
    limits = ", ".join(f"{sign} {bound}" for sign, bound in bounds if bound is not None)
    return f"{_name(field.annotation)} {limits}".strip()


def _name(annotation: Any) -> str:
    """`int`, `fp32 | bf16` for a choice, `tuple[float, float]`."""
    if get_origin(annotation) is Literal:
        return " | ".join(str(choice) for choice in get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return " | ".join(_name(part) for part in get_args(annotation))
    if get_origin(annotation) is not None:
        return str(annotation)
    return "none" if annotation is type(None) else str(getattr(annotation, "__name__", annotation))


def _show(facts: Mapping[str, Any]) -> None:
    from rich.table import Table
    from rich.text import Text

    paper, out = facts["paper"], console()
    published = [paper["authors"], str(paper["year"]), paper.get("venue", "")]
    arxiv = f". arXiv {paper['arxiv']}" if "arxiv" in paper else ""
    smallest = f" of at least {facts['min_side']} pixels a side" if facts["min_side"] > 1 else ""
    kinds = {"image": f"images{smallest}", "points": "points"}
    head = {
        "Paper": f"{paper['title']}. {', '.join(filter(None, published))}{arxiv}",
        "Can": ", ".join(facts["capabilities"]),
        "Learns": " and ".join(kinds[kind] for kind in facts["learns"]) + (", labelled" * facts["needs_labels"]),
        "Presets": ", ".join(facts["presets"]),
    }
    out.print(Text(f"{facts['name']}: {facts['summary']}", style="bold"))
    for title, text in head.items():
        if text:
            out.print(Text(f"{title:<8} {text}"))
    for title, options in facts["options"].items():
        table = Table(box=None, pad_edge=False)
        for column in ("key", "type", "default", "meaning"):
            table.add_column(column, no_wrap=column in ("key", "default"), header_style="dim")
        for row in options:
            table.add_row(*(Text(str(value)) for value in row.values()))
        out.print(Text(f"\n{title} options", style="bold"))
        out.print(table)
