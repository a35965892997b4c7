"""Gulrajani et al. 2017: a VAE whose decoder is a PixelCNN."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.claims.codes import reconstructions
from saddlepoint.metrics.datalike import chunks, everything
from saddlepoint.metrics.likelihood import mean_and_error
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.objectives.divergences import kl_to_standard_normal


@torch.no_grad()
def measure(trained: Trained) -> Iterator[Measurement]:
    """How many nats of the bound go through z: 0 where the PixelCNN has learned to do without."""
    model: Any = trained.model
    test = trained.data.test
    kl = torch.cat(
        [
            kl_to_standard_normal(model.posterior(test.x(part).to(model.device))).double().cpu()
            for part in chunks(everything(test), 256)
        ]
    )
    value, error = mean_and_error(kl)
    about = {"n": len(test), "reference": "test", "weights": "average"}
    yield Measurement(metric="KL(q(z|x) || p(z)) (nats)", value=value, error=error, protocol=about)


SMALLER = {"latent": 16, "channels": 16, "features": 16, "width": 16, "layers": 3, "batch": 16, "lr": 3e-3}

CLAIM = Claim(
    recipe="pixel_vae",
    statement="A PixelCNN of few layers on top of a VAE is as likely as a deep one without, and the latent variables "
    "keep what is global.",
    published={
        "mnist": Published(
            value="-79.66 (-80.64 with another decoder, by the same source)",
            measure="bound on log p(x) in nats, binarised digits",
            where="table 1",
            comparable="no: binarised digits of another draw, and the two numbers' settings are from memory",
        )
    },
    settings={
        "quick": {
            "mnist": Setting(
                images=12_000,
                options={"binarise": "fixed", **SMALLER, "ema": 1_500, "sample_every": 0, "precision": "fp32"},
            )
        },
        "full": {"mnist": Setting(images=20_000_000, options={"binarise": "fixed", "batch": 100})},
    },
    gap="Quick scale has three layers of width 16 and a fifth of an epoch. The bound is of one draw of z, and "
    "no equal without z stands beside it. Sampling "
    "goes pixel by pixel, so that 1,000 samples are judged.",
    probe=measure,
    pictures={"reconstructions": reconstructions},
    samples=1_000,
)
