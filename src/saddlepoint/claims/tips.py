"""Training folklore, each piece alone: what does a switch of dcgan change at equal budget?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from saddlepoint.claims.claim import Published, Scale, Setting
from saddlepoint.claims.protocol import Player, Protocol, Table
from saddlepoint.claims.results import Row

IMAGES: Mapping[Scale, int] = {"quick": 60_000, "full": 2_000_000}
METRICS = ("fd", "prdc")
BASE = "dcgan"
"""Who plays with no switch touched."""


@dataclass(frozen=True, kw_only=True)
class Tip:
    """advice: what people say; followed: whether dcgan does so as it is; options: dcgan the other way."""

    advice: str
    followed: bool
    options: Mapping[str, Any]


TIPS: Mapping[str, Tip] = {
    "unit_inputs": Tip(advice="show D pixels in [-1, 1], not in [0, 1]", followed=True, options={"inputs": "unit"}),
    "linear_output": Tip(advice="end G in tanh", followed=True, options={"output": "linear"}),
    "minimax": Tip(
        advice="G maximises log D(G(z)), not minimises log(1 - D(G(z)))",
        followed=True,
        options={"objective": "minimax"},
    ),
    "normal_prior": Tip(advice="draw z from a Gaussian, not a cube", followed=False, options={"prior": "normal"}),
    "sphere_prior": Tip(advice="draw z from a sphere, not a cube", followed=False, options={"prior": "sphere"}),
    "joined_batches": Tip(advice="real and fake in batches of their own", followed=True, options={"batches": "joined"}),
    "relu": Tip(advice="LeakyReLU in D, not ReLU", followed=True, options={"leak": 0.0}),
    "average_pool": Tip(
        advice="D halves its maps by average pooling, not strides", followed=False, options={"downsample": "average"}
    ),
    "max_pool": Tip(
        advice="D halves its maps by strides, not max pooling", followed=True, options={"downsample": "max"}
    ),
    "soft_labels": Tip(
        advice="soft labels: real in 0.7 to 1, fake in 0 to 0.3", followed=False, options={"soft_labels": 0.3}
    ),
    "flipped_labels": Tip(advice="noisy labels: swap 5% of D's", followed=False, options={"flipped_labels": 0.05}),
    "sgd": Tip(
        advice="SGD with momentum for D, Adam for G", followed=False, options={"d_optimizer": "sgd", "d_lr": 0.01}
    ),
    "instance_noise": Tip(
        advice="noise of 0.1 on all that D sees, falling to 0",
        followed=False,
        options={"instance_noise": 0.1, "instance_noise_images": 30_000},
    ),
    "d_dropout": Tip(advice="dropout in D, a quarter", followed=False, options={"d_dropout": 0.25}),
    "g_dropout": Tip(advice="dropout in G, a half", followed=False, options={"g_dropout": 0.5}),
    "more_d_steps": Tip(advice="two D steps for each of G", followed=False, options={"d_steps": 2}),
    "labels_in_d": Tip(advice="D learns the labels too", followed=False, options={"label_weight": 1.0}),
}

TRAINING: Mapping[Scale, Mapping[str, Any]] = {
    "quick": {"width": 32, "batch": 32, "ema": 4_000, "sample_every": 0, "track": "none"},
    "full": {"batch": 128, "track": "none"},
}


def players(scale: Scale = "quick") -> dict[str, Player]:
    """dcgan as it is, and with each switch alone the other way."""
    flipped = {BASE: {}, **{name: tip.options for name, tip in TIPS.items()}}
    return {
        name: Player(recipe=BASE, setting=Setting(images=IMAGES[scale], options={**TRAINING[scale], **options}))
        for name, options in flipped.items()
    }


def play(table: Table, name: str, seeds: Sequence[int], scale: Scale) -> list[Row]:
    player = players(scale)[name]
    part = "" if scale == "quick" else "long"
    return [row for seed in seeds for row in table.trained(name, player, seed, part=part, metrics=METRICS)]


PROTOCOL = Protocol(
    name="tips",
    statement="Pieces of advice for training GANs, handed on since 2016, are worth following.",
    data="mnist",
    players=players,
    play=play,
    seeds=3,
    published=Published(
        value="none",
        measure="advice without numbers",
        where="How to train a GAN, NeurIPS 2016 tutorial",
        comparable="no: nothing was measured",
    ),
    gap="One data set, one network and one short budget of images; every switch at one value, chosen in advance. With "
    "pooling, whose convolutions run at every position, a training takes about twice the time. Advice that "
    "keeps long or large trainings from failing cannot show its worth where nothing fails.",
)
