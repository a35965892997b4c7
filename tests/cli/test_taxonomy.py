"""`saddle ls --taxonomy`: every recipe at one leaf, the one that its answers put it at."""

from __future__ import annotations

import json

import pytest

from saddlepoint import catalogue
from saddlepoint.catalogue import Entry, Paper
from saddlepoint.cli.taxonomy import CHAIN, DIRECT, ENERGY, LEAVES, TRACTABLE, VARIATION, answers, grown, place

RECIPES = {name for name in catalogue.names() if catalogue.info(name).recipe == name}


def entry(group: str, *can: str, name: str = "it") -> Entry:
    paper = Paper(title="A", authors="B", year=2000)
    return Entry(name=name, module="m", summary="Idea.", paper=paper, recipe="it", group=group, can=("samples", *can))


@pytest.mark.parametrize(
    ("member", "leaf"),
    [
        (entry("autoregressive", "scores"), TRACTABLE),
        (entry("autoregressive", "bounds"), VARIATION),  # an autoregressive decoder of a latent
        (entry("flow", "latent", "encodes", "bounds"), TRACTABLE),
        (entry("variational", "latent", "encodes", "bounds", "weighs"), VARIATION),
        (entry("variational", "latent", "encodes"), DIRECT),  # an adversarial autoencoder
        (entry("energy", "encodes"), ENERGY),
        (entry("chain"), CHAIN),
        (entry("objective", "latent"), DIRECT),
        (entry("moments", "latent"), DIRECT),
    ],
)
def test_places_follow_from_what_a_model_answers(member: Entry, leaf: tuple[str, str]):
    assert place(member) == leaf


def test_answers_in_the_words_of_the_field():
    assert answers(entry("variational", "conditional", "latent", "encodes", "bounds")) == ["sample", "bound", "q(z|x)"]
    assert answers(entry("x", "scores", "classifies")) == ["sample", "log p(x)", "p(y|x)"]


def test_every_recipe_stands_at_one_leaf_and_no_preset_does(saddle):
    tree = grown(map(catalogue.info, catalogue.names()))
    placed = [member.name for members in tree.values() for member in members]
    assert sorted(placed) == sorted(RECIPES)
    out = saddle("ls", "--taxonomy").out.splitlines()
    assert {line.split()[0] for line in out if line.startswith("    ")} == RECIPES
    assert sum(not line.startswith(" ") for line in out) == 2


def test_the_tree_is_drawn_in_its_order_without_empty_branches(saddle):
    out = saddle("ls", "*gan", "--taxonomy").out.splitlines()
    assert out[0] == "implicit density"
    assert out[1].startswith("  direct: ")
    line = next(line for line in out if line.startswith("    bigan "))
    assert line.split()[1:3] == ["2017", "sample,"]
    assert "q(z|x)" in line
    years = [int(line.split()[1]) for line in out[2:]]
    assert years == sorted(years)


def test_as_json(saddle):
    nested = json.loads(saddle("ls", "--taxonomy", "--json").out)
    assert [(branch, leaf) for branch, leaves in nested.items() for leaf in leaves] == list(LEAVES)
    assert nested["explicit density"]["approximate, by variation"]["vae"] == ["sample", "bound", "q(z|x)"]


def test_a_preset_alone_is_refused_in_words(saddle):
    result = saddle("ls", "r3gan_*", "--taxonomy")
    assert result.status == 2
    assert "name those" in result.err
