"""The usual tree of generative models, by what they do about p(x), and where each recipe stands in it.

The tree is Goodfellow's (2017, "NIPS 2016 Tutorial: Generative Adversarial Networks", arXiv 1701.00160, figure 9).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from saddlepoint.catalogue import Entry

Leaf = tuple[str, str]

TRACTABLE: Leaf = ("explicit density", "tractable")
VARIATION: Leaf = ("explicit density", "approximate, by variation")
ENERGY: Leaf = ("explicit density", "approximate, by Markov chain")
CHAIN: Leaf = ("implicit density", "by Markov chain")
DIRECT: Leaf = ("implicit density", "direct")
LEAVES: dict[Leaf, str] = {
    TRACTABLE: "log p(x) is computed; a flow's is a bound on pixels, whose levels it blurs, and exact on points",
    VARIATION: "log p(x) is bounded",
    ENERGY: "p(x) is known up to a constant, which chains estimate",
    CHAIN: "a sample is where a learned chain arrives",
    DIRECT: "a sample is one pass of a network",
}
"""In the order of the tree, each with what its members have in common."""

ANSWERS = {
    "samples": "sample",
    "scores": "log p(x)",
    "bounds": "bound",
    "encodes": "q(z|x)",
    "classifies": "p(y|x)",
    "completes": "the rest of x",
}
"""What a trained model can be asked, by its capability."""


def place(entry: Entry) -> Leaf:
    """Where a recipe stands, which follows from what it can answer, save for those that have a branch of their own."""
    if entry.group == "energy":
        return ENERGY
    if entry.group == "chain":
        return CHAIN
    if entry.group == "flow" or "scores" in entry.can:
        return TRACTABLE
    return VARIATION if "bounds" in entry.can else DIRECT


def answers(entry: Entry) -> list[str]:
    return [text for key, text in ANSWERS.items() if key in entry.can]


def grown(entries: Iterable[Entry]) -> dict[Leaf, list[Entry]]:
    """The recipes at each leaf, oldest first; presets stand where their recipe does, and are left out."""
    ordered = sorted((e for e in entries if e.name == e.recipe), key=lambda e: (e.paper.year, e.name))
    return {leaf: [e for e in ordered if place(e) == leaf] for leaf in LEAVES}


def drawn(tree: Mapping[Leaf, list[Entry]]) -> list[str]:
    """The tree as lines of text, without empty branches."""
    members = [entry for entries in tree.values() for entry in entries]
    name = max(len(entry.name) for entry in members)
    can = max(len(", ".join(answers(entry))) for entry in members)
    lines: list[str] = []
    branch = ""
    for leaf, entries in tree.items():
        if not entries:
            continue
        if leaf[0] != branch:
            branch = leaf[0]
            lines.append(branch)
        lines.append(f"  {leaf[1]}: {LEAVES[leaf]}")
        for entry in entries:
            said = ", ".join(answers(entry))
            lines.append(f"    {entry.name:<{name}}  {entry.paper.year}  {said:<{can}}  {entry.summary}")
    return lines
