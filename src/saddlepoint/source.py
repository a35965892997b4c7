"""What a recipe's source says of it without being run: its classes, and what a trained model of one can do."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from pathlib import Path

METHODS: dict[str, set[str]] = {
    "latent": {"prior", "generate"},
    "encodes": {"encode"},
    "scores": {"log_prob"},
    "bounds": {"elbo"},
    "weighs": {"log_weights"},
    "classifies": {"classify"},
    "completes": {"complete"},
}
"""The methods of each capability of `saddlepoint.recipe.CAPABILITIES`, in that order."""


def classes_in(path: Path) -> dict[str, ast.ClassDef]:
    """The classes of a module, by name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def capabilities_in(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> tuple[str, ...]:
    """What `saddlepoint.recipe.capabilities` says of the class, whose bases are among these classes."""
    line = list(_lineage(node, classes))
    methods = {part.name for owner in line for part in owner.body if isinstance(part, ast.FunctionDef)}
    conditional = next((value for owner in line for value in _conditional(owner)), False)
    own = (name for name, needed in METHODS.items() if needed <= methods)
    return ("samples", *(["conditional"] if conditional else []), *own)


def _lineage(node: ast.ClassDef, classes: Mapping[str, ast.ClassDef]) -> list[ast.ClassDef]:
    """The class and what it inherits from, nearest first, as far as it is known."""
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in node.bases]
    known = [classes[base.id] for base in bases if isinstance(base, ast.Name) and base.id in classes]
    return [node, *(ancestor for base in known for ancestor in _lineage(base, classes))]


def _conditional(node: ast.ClassDef) -> list[bool]:
    """What the class body sets `conditional` to, if it does."""
    found: list[bool] = []
    for part in node.body:
        target = (
            part.targets[0]
            if isinstance(part, ast.Assign)
            else part.target
            if isinstance(part, ast.AnnAssign)
            else None
        )
        if isinstance(part, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name) and target.id == "conditional":
            found.append(bool(part.value and ast.literal_eval(part.value)))
    return found
