"""The catalogue: every recipe under one name, in one dict.

What `saddle ls` shows is read from the recipe files' source, because importing them imports torch, which takes
seconds. A recipe is imported when it is created.
"""

from __future__ import annotations

import ast
import fnmatch
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from saddlepoint.config import Config
    from saddlepoint.recipe import Recipe
    from saddlepoint.types import DataSpec


@dataclass(frozen=True, kw_only=True)
class Paper:
    """Where a method comes from."""

    title: str
    authors: str
    year: int
    venue: str = ""
    arxiv: str = ""

    def bibtex(self, key: str) -> str:
        fields = {"title": self.title, "author": self.authors, "year": str(self.year)}
        if self.venue:
            fields["booktitle"] = self.venue
        if self.arxiv:
            fields |= {"eprint": self.arxiv, "archivePrefix": "arXiv"}
        kind = "inproceedings" if self.venue else "article"
        lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items())
        return f"@{kind}{{{key},\n{lines}\n}}"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the catalogue. `preset` holds the config values that make a variant of `recipe`."""

    name: str
    module: str
    summary: str
    paper: Paper
    recipe: str
    preset: Mapping[str, Any] = field(default_factory=dict[str, Any])


_classes: dict[str, type[Recipe[Any]]] = {}
_registered: dict[str, Entry] = {}


def register(
    name: str, *, paper: Paper, presets: Mapping[str, Mapping[str, Any]] | None = None
) -> Callable[[type[Recipe[Any]]], type[Recipe[Any]]]:
    """Put a recipe class into the catalogue. In the package's own recipe files every argument is a literal.

    Raises:
        ValueError: the name is taken.
    """

    def add(recipe: type[Recipe[Any]]) -> type[Recipe[Any]]:
        taken = _classes.get(name)
        if taken is not None and taken.__module__ != recipe.__module__:
            raise ValueError(f"The name {name!r} is taken by {taken.__module__}.{taken.__qualname__}.")
        _classes[name] = recipe
        summary = (recipe.__doc__ or "").strip().partition("\n")[0]
        _add(_registered, name, recipe.__module__, summary, paper, presets or {})
        return recipe

    return add


def names(pattern: str = "*") -> list[str]:
    """Names in the catalogue that match a glob, sorted: `names("wgan*")`."""
    return sorted(fnmatch.filter(_entries(), pattern))


def info(name: str) -> Entry:
    """The catalogue's line for a name.

    Raises:
        UserError: no such name; it says the nearest.
    """
    entries = _entries()
    if name not in entries:
        import difflib

        near = difflib.get_close_matches(name, entries, n=1)
        hint = f"did you mean {near[0]}?" if near else "`saddle ls` lists them."
        raise UserError(f"There is no recipe {name!r}: {hint}")
    return entries[name]


def recipe_class(name: str) -> type[Recipe[Any]]:
    """The class behind a name or preset; imports it."""
    entry = info(name)
    if entry.recipe not in _classes:
        importlib.import_module(entry.module)
    return _classes[entry.recipe]


def configure(name: str, values: Mapping[str, Any] | None = None) -> Config:
    """The recipe's validated config: its defaults, the preset's values, then these."""
    from saddlepoint.config import build

    return build(recipe_class(name).Config, {**info(name).preset, **(values or {})})


def create(name: str, spec: DataSpec, **config: Any) -> Recipe[Any]:
    """A new, untrained model of this recipe for data of this description.

    Raises:
        UserError: an unknown name or key, a value out of range, or data the recipe cannot take.
    """
    return recipe_class(name)(spec, configure(name, config))


def citation(name: str) -> str:
    """The paper as BibTeX."""
    entry = info(name)
    return entry.paper.bibtex(f"{entry.recipe}{entry.paper.year}")


def _entries() -> dict[str, Entry]:
    return {**_shipped(), **_registered}


@cache
def _shipped() -> dict[str, Entry]:
    """The package's own recipes, read from source without running it."""
    entries: dict[str, Entry] = {}
    for path in sorted((Path(__file__).parent / "recipes").glob("[!_]*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.ClassDef):
                continue
            for call in node.decorator_list:
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "register":
                    name = ast.literal_eval(call.args[0])
                    given = {k.arg: k.value for k in call.keywords}
                    paper = given["paper"]
                    assert isinstance(paper, ast.Call), f"{path}: paper= must be written out as Paper(...)"
                    source = Paper(**{str(k.arg): ast.literal_eval(k.value) for k in paper.keywords})
                    presets = ast.literal_eval(given["presets"]) if "presets" in given else {}
                    summary = (ast.get_docstring(node) or "").partition("\n")[0]
                    _add(entries, name, f"saddlepoint.recipes.{path.stem}", summary, source, presets)
    return entries


def _add(
    entries: dict[str, Entry],
    name: str,
    module: str,
    summary: str,
    paper: Paper,
    presets: Mapping[str, Mapping[str, Any]],
) -> None:
    for key, preset in {name: {}, **presets}.items():
        if key in entries and entries[key].module != module:
            raise ValueError(f"The name {key!r} is taken by {entries[key].module}.")
        entries[key] = Entry(name=key, module=module, summary=summary, paper=paper, recipe=name, preset=preset)
