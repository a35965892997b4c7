"""Nats of binary MNIST: every model that knows its likelihood, or a bound on it, under one of two protocols.

Stochastic binarisation draws training pixels anew each time, fixed draws them once; held-out images are the same in
both, but models trained under one do not compare with models trained under the other, so a player has one of the two,
and beside it stand published numbers of that one alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from saddlepoint import catalogue
from saddlepoint.claims.claim import Published, Scale, Setting
from saddlepoint.claims.protocol import Player, Protocol, Table
from saddlepoint.claims.results import Row
from saddlepoint.recipe import Scores

DRAWS: Mapping[Scale, int] = {"quick": 500, "full": 5000}
"""Of the IWAE bound: 50 million passes of the decoder, at full scale, take half an hour of one core."""
TRAINING: dict[str, Any] = {"sample_every": 0, "checkpoint_every": 5_000, "log_every": 200, "track": "none"}
STOCHASTIC: dict[str, Any] = {**TRAINING, "binarise": "stochastic"}
FIXED: dict[str, Any] = {**TRAINING, "binarise": "fixed"}
NETWORKS: dict[str, Any] = {**STOCHASTIC, "network": "dense", "hidden": 200, "layers": 2, "latent": 50}
"""Burda et al. 2016, one stochastic layer, for both of these."""
EQUAL = {"batch": 20}
"""Of IWAE and the VAE beside it, which see the same images in as many updates."""


def players(scale: Scale) -> dict[str, Player]:
    """IWAE and `vae_equal` have equal updates; `vae` has as many minutes as IWAE."""
    few = scale == "quick"
    slow = {} if few else {"decay": "linear"}
    images = 300_000 if few else 60_000_000
    chosen: dict[str, tuple[str, int, dict[str, Any]]] = {
        "vae": ("vae", 5_000_000 if few else 60_000_000, {**NETWORKS, "batch": 100, **slow}),
        "vae_equal": ("vae", images, {**NETWORKS, **EQUAL, **slow}),
        "iwae": ("iwae", images, {**NETWORKS, **EQUAL, "k": 50, **slow}),
        "made": ("made", 3_000_000 if few else 30_000_000, {**FIXED, "batch": 100}),
        "pixel_cnn": ("pixel_cnn", 250_000 if few else 6_000_000, {**FIXED, "batch": 32}),
    }
    return {
        name: Player(recipe=recipe, setting=Setting(options=options, images=seen))
        for name, (recipe, seen, options) in chosen.items()
    }


MEASURE = "-log p(x) in nats an image of the test split"
FEW = "a fraction of the training, and fewer draws at quick scale"
PUBLISHED: Mapping[str, Published] = {
    "stochastic": Published(
        value="VAE 86.8, IWAE (k = 50) 84.8",
        measure=f"{MEASURE}, bounds of 5,000 draws",
        where="Burda et al. 2016, table 1, from memory",
        comparable=f"no: {FEW}",
    ),
    "fixed": Published(
        value="MADE 88.0 with one layer and 86.6 with two, PixelCNN 81.3",
        measure=MEASURE,
        where="Germain et al. 2015, table 6, and van den Oord et al. 2016, table 4; from memory",
        comparable="no: a fraction of the training, and other images than those of the file that the papers share",
    ),
}


def play(table: Table, name: str, seeds: Sequence[int], scale: Scale) -> list[Row]:
    player = players(scale)[name]
    exact = issubclass(catalogue.recipe_class(player.recipe), Scores)
    metrics = ["log_likelihood"] if exact else ["elbo", "iwae", "active_units"]
    how = str(player.setting.options["binarise"])
    beside = replace(table, protocol=replace(table.protocol, published=PUBLISHED[how]))
    part = how if scale == "quick" else f"{how} long"
    return [
        row
        for seed in seeds
        for row in beside.trained(name, player, seed, part=part, metrics=metrics, draws=DRAWS[scale])
    ]


PROTOCOL = Protocol(
    name="likelihood",
    statement="Likelihoods of binary MNIST under one protocol: exact ones, and bounds that are called bounds.",
    data="mnist",
    players=players,
    play=play,
    seeds=1,
    published=PUBLISHED["stochastic"],
    gap="The papers train for thousands of passes; quick is minutes of two cores. Nothing is selected: the last "
    "averaged weights are judged, on the test split. The fixed images are ours, drawn by the same probabilities.",
)
