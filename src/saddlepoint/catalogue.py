"""The catalogue: every recipe under one name, in one dict.

What `saddle ls` shows is read from the recipe files' source, because importing them imports torch, which takes
seconds. A recipe is imported when it is created.
"""

from __future__ import annotations

import ast
import fnmatch
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from saddlepoint.errors import UserError
from saddlepoint.source import capabilities_in, classes_in

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


GROUPS: dict[str, str] = {
    "objective": "Adversarial: objectives and penalties",
    "network": "Adversarial: networks and training",
    "conditional": "Adversarial: conditional and structured",
    "inference": "Adversarial: with inference",
    "ensemble": "Adversarial: ensembles",
    "semi-supervised": "Adversarial: semi-supervised",
    "moments": "Moment matching",
    "variational": "Variational",
    "autoregressive": "Autoregressive",
    "flow": "Flows",
    "energy": "Energy-based",
    "chain": "Markov chains",
    "translation": "Translation",
    "other": "Others",
}
"""What a recipe may be listed under, in the order of `saddle ls`: key -> title."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A line of the catalogue. `preset` holds the config values that make a variant of `recipe`; `can` what a trained
    model does, as `saddlepoint.recipe.capabilities` names it."""

    name: str
    module: str
    summary: str
    paper: Paper
    recipe: str
    group: str
    can: tuple[str, ...]
    preset: Mapping[str, Any] = field(default_factory=dict[str, Any])


R = TypeVar("R", bound="type[Recipe[Any]]")

_classes: dict[str, type[Recipe[Any]]] = {}
_registered: dict[str, Entry] = {}


def register(
    name: str, *, paper: Paper, group: str = "other", presets: Mapping[str, Mapping[str, Any]] | None = None
) -> Callable[[R], R]:
    """Put a recipe class into the catalogue. In the package's own recipe files every argument is a literal.

    group: one of `GROUPS`, to be listed under.

    Raises:
        ValueError: the name is taken, or there is no such group.
    """
    if group not in GROUPS:
        raise ValueError(f"There is no group {group!r}: choose among {', '.join(GROUPS)}.")

    def add(recipe: R) -> R:
        taken = _classes.get(name)
        if taken is not None and taken.__module__ != recipe.__module__:
            raise ValueError(f"The name {name!r} is taken by {taken.__module__}.{taken.__qualname__}.")
        _classes[name] = recipe
        from saddlepoint.recipe import capabilities

        entry = Entry(
            name=name,
            module=recipe.__module__,
            summary=(recipe.__doc__ or "").strip().partition("\n")[0],
            paper=paper,
            recipe=name,
            group=group,
            can=tuple(capabilities(recipe)),
        )
        _add(_registered, entry, presets or {})
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
    families: dict[str, ast.ClassDef] = {}
    for path in (Path(__file__).parent / "families").glob("[!_]*.py"):
        families |= classes_in(path)
    for path in sorted((Path(__file__).parent / "recipes").glob("[!_]*.py")):
        classes = {**families, **classes_in(path)}
        for node in classes.values():
            for call in node.decorator_list:
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "register":
                    given = {k.arg: k.value for k in call.keywords}
                    paper = given["paper"]
                    assert isinstance(paper, ast.Call), f"{path}: paper= must be written out as Paper(...)"
                    name = ast.literal_eval(call.args[0])
                    entry = Entry(
                        name=name,
                        module=f"saddlepoint.recipes.{path.stem}",
                        summary=(ast.get_docstring(node) or "").partition("\n")[0],
                        paper=Paper(**{str(k.arg): ast.literal_eval(k.value) for k in paper.keywords}),
                        recipe=name,
                        group=ast.literal_eval(given["group"]) if "group" in given else "other",
                        can=capabilities_in(node, classes),
                    )
                    _add(entries, entry, ast.literal_eval(given["presets"]) if "presets" in given else {})
    return entries


def _add(entries: dict[str, Entry], entry: Entry, presets: Mapping[str, Mapping[str, Any]]) -> None:
    for key, preset in {entry.name: {}, **presets}.items():
        if key in entries and entries[key].module != entry.module:
            raise ValueError(f"The name {key!r} is taken by {entries[key].module}.")
        entries[key] = replace(entry, name=key, preset=preset)
