"""Nats of binary MNIST: every model that knows its likelihood, or a bound on it, under one of two protocols.

Stochastic binarisation draws training pixels anew each time, fixed draws them once; held-out images are the same in
both, but models trained under one do not compare with models trained under the other, so a player has one of the two,
and beside it stand published numbers of that one alone. Of a training that checkpoint is judged on the test split
whose likelihood, or bound, of 10,000 validation images is the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from saddlepoint.claims.claim import Published, Scale, Setting
from saddlepoint.claims.protocol import Player, Protocol, Table
from saddlepoint.claims.results import Row

MINUTES = 30.0
"""Of one core: 15 of two."""
DRAWS = 5_000
"""Of the IWAE bound, as in the papers: 7 minutes of one core for the test split."""
EQUAL = 1_200_000
"""Images that IWAE and the VAE beside it see at quick scale, in as many updates: 36 minutes of one core for IWAE."""
TRAINING: dict[str, Any] = {
    "validation": 10_000,
    "sample_every": 0,
    "checkpoint_every": 5_000,
    "log_every": 200,
    "track": "none",
}
DENSE: dict[str, Any] = {"network": "dense", "hidden": 200, "layers": 2, "latent": 50}
"""Burda et al. 2016, one stochastic layer, for all on their protocol."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One player: how it is judged, and what it is trained with.

    metrics: of the test split; the first of them chooses. every: steps between evaluations in training, which take a
    twentieth of its time or less. images: at full scale. equal: whether its updates are counted at quick scale too.
    recipe: where that is not its own name.
    """

    binarise: Literal["stochastic", "fixed"]
    metrics: tuple[str, ...]
    every: int
    quick: Mapping[str, Any]
    full: Mapping[str, Any]
    images: int = 6_000_000
    equal: bool = False
    recipe: str = ""


EXACT = ("log_likelihood",)
BOUNDS = ("elbo", "iwae", "active_units")
TIGHT = ("iwae", "elbo", "active_units")
"""Of those trained for the bound of many draws, and of what they are compared with."""
PIXELS: dict[str, Any] = {"batch": 16, "lr": 3e-3, "ema": 20_000}
"""For minutes of a CPU; the papers' networks, of width 128 and more, see a tenth of the images in them. `pixel_cnn`
has them at full scale too, where it sees farther, in two hours of one core with bf16: it takes no GPU."""
ENTRIES: Mapping[str, Entry] = {
    "vae": Entry(
        binarise="stochastic",
        metrics=BOUNDS,
        every=10_000,
        quick={**DENSE, "batch": 100, "ema": 200_000},
        full={**DENSE, "batch": 100, "decay": "linear"},
        images=60_000_000,
    ),
    "vae_equal": Entry(
        recipe="vae",
        binarise="stochastic",
        metrics=TIGHT,
        every=10_000,
        quick={**DENSE, "batch": 20},
        full={**DENSE, "batch": 20, "decay": "linear"},
        images=60_000_000,
        equal=True,
    ),
    "iwae": Entry(
        binarise="stochastic",
        metrics=TIGHT,
        every=10_000,
        quick={**DENSE, "batch": 20, "k": 50},
        full={**DENSE, "batch": 20, "k": 50, "decay": "linear"},
        images=60_000_000,
        equal=True,
    ),
    "made": Entry(
        binarise="fixed",
        metrics=EXACT,
        every=10_000,
        quick={"batch": 100, "widths": (1000,), "masks": 8, "ema": 200_000},
        full={"batch": 100, "widths": (8000, 8000)},
        images=30_000_000,
    ),
    "pixel_cnn": Entry(
        binarise="fixed",
        metrics=EXACT,
        every=8_000,
        quick={**PIXELS, "blocks": 12, "width": 24, "head": 32},
        full={**PIXELS, "blocks": 12, "width": 32, "head": 32, "dilation_cycle": 4, "decay": "linear"},
        images=1_000_000,
    ),
    "gated_pixel_cnn": Entry(
        binarise="fixed",
        metrics=EXACT,
        every=5_000,
        quick={**PIXELS, "layers": 7, "width": 32, "kernel": 3},
        full={"layers": 15, "width": 128, "batch": 32},
    ),
    "pixel_rnn": Entry(
        binarise="fixed",
        metrics=EXACT,
        every=3_000,
        quick={**PIXELS, "layer": "row", "layers": 3, "width": 16, "head": 32, "batch": 32},
        full={"layers": 7, "width": 16, "head": 32, "batch": 16},
    ),
    "pixel_vae": Entry(
        binarise="fixed",
        metrics=("elbo", "active_units"),
        every=5_000,
        quick={**PIXELS, "latent": 32, "channels": 16, "features": 16, "width": 32, "layers": 3},
        full={"batch": 100},
    ),
    "real_nvp": Entry(
        binarise="fixed",
        metrics=("elbo",),
        every=5_000,
        quick={"channels": 16, "blocks": 1, "batch": 32, "ema": 20_000},
        full={"channels": 32, "blocks": 4},
    ),
}


def players(scale: Scale) -> dict[str, Player]:
    """At quick scale all have as many minutes, but for IWAE and `vae_equal`, which have equal updates."""
    return {
        name: Player(recipe=entry.recipe or name, setting=_setting(entry, scale)) for name, entry in ENTRIES.items()
    }


def _setting(entry: Entry, scale: Scale) -> Setting:
    judged = {"binarise": entry.binarise, "best": entry.metrics[0], "evaluate_every": entry.every}
    if scale == "full":
        return Setting(options={**TRAINING, **judged, **entry.full}, images=entry.images)
    options = {**TRAINING, **judged, **entry.quick}
    if entry.equal:
        return Setting(options=options, images=EQUAL)
    return Setting(options=options, core_minutes=MINUTES)


MEASURE = "-log p(x) in nats an image of the test split"
FEW = "a fraction of the training"
PUBLISHED: Mapping[str, Published] = {
    "stochastic": Published(
        value="VAE 86.8, IWAE (k = 50) 84.8",
        measure=f"{MEASURE}, bounds of 5,000 draws",
        where="Burda et al. 2016, table 1, from memory",
        comparable=f"no: {FEW}",
    ),
    "fixed": Published(
        value="MADE 88.0 with one layer and 86.6 with two, PixelCNN 81.3, PixelRNN 79.2, PixelVAE's bound 80.6, and "
        "79.7 with another decoder",
        measure=MEASURE,
        where="Germain et al. 2015, table 6, van den Oord et al. 2016, table 4, and Gulrajani et al. 2017, table 1; "
        "from memory",
        comparable=f"no: {FEW}, and other images than those of the file that the papers share",
    ),
}


def play(table: Table, name: str, seeds: Sequence[int], scale: Scale) -> list[Row]:
    entry, player = ENTRIES[name], players(scale)[name]
    beside = replace(table, protocol=replace(table.protocol, published=PUBLISHED[entry.binarise]))
    part = entry.binarise if scale == "quick" else f"{entry.binarise} long"
    return [
        row
        for seed in seeds
        for row in beside.trained(name, player, seed, part=part, metrics=entry.metrics, draws=DRAWS, checkpoint="best")
    ]


PROTOCOL = Protocol(
    name="likelihood",
    statement="Likelihoods of binary MNIST under one protocol: exact ones, and bounds that are called bounds.",
    data="mnist",
    players=players,
    play=play,
    seeds=1,
    published=PUBLISHED["stochastic"],
    gap="The papers train for hundreds of passes and more; quick is minutes of two cores. Of a PixelVAE and of a flow, "
    "whose noise makes binary pixels real, there is the bound of one draw alone. The fixed images are ours, drawn by "
    "the same probabilities.",
)
