"""van den Oord et al. 2017: discrete codes that the decoder uses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from saddlepoint.claims.claim import Claim, Published, Setting, Trained
from saddlepoint.claims.codes import reconstructions
from saddlepoint.metrics.datalike import chunks, everything
from saddlepoint.metrics.likelihood import mean_and_error
from saddlepoint.metrics.measurement import Measurement


@torch.no_grad()
def measure(trained: Trained) -> Iterator[Measurement]:
    """What the bound is made of: nats of the image given its code, and of the code; and how many codes are used."""
    model: Any = trained.model
    device, test = model.device, trained.data.test
    codes = [model.codes(test.x(part).to(device)) for part in chunks(everything(test), 256)]
    nats = torch.cat([-model.prior_network.log_prob(part).double().cpu() for part in codes])
    about = {"n": len(test), "reference": "test", "weights": "average"}
    value, error = mean_and_error(nats)
    yield Measurement(metric="nats of the codes under the prior", value=value, error=error, protocol=about)
    free = codes[0][0].numel() * torch.tensor(model.config.codes).log()
    yield Measurement(metric="nats of the codes, if all were alike", value=float(free), protocol=about)
    used = torch.bincount(torch.cat(codes).flatten(), minlength=model.config.codes).double()
    perplexity = torch.special.entr(used / used.sum()).sum().exp()
    yield Measurement(metric=f"perplexity of {model.config.codes} codes", value=float(perplexity), protocol=about)


QUICK = {"channels": 32, "codes": 128, "code": 16, "prior_channels": 32, "prior_layers": 2, "lr": 1e-3, "batch": 32}

CLAIM = Claim(
    recipe="vq_vae",
    statement="Discrete codes that an autoregressive prior then models compress images several times over and cost "
    "little likelihood against continuous ones; the codes are used, not ignored.",
    published={
        "mnist": Published(value="none", measure="not tried", where="-", comparable="no: the paper does not use MNIST"),
        "cifar10": Published(
            value="4.67",
            measure="bound in bits/dim under a uniform prior over codes (a VAE: 4.51, VIMCO: 5.14)",
            where="section 4.1",
            comparable="no: our bound has a learned prior over codes and another size of code",
        ),
    },
    settings={
        "quick": {
            "mnist": Setting(images=45_000, options={**QUICK, "ema": 10_000}),
            "cifar10": Setting(images=30_000, options={**QUICK, "ema": 5_000}),
        },
        "full": {
            "mnist": Setting(images=32_000_000, options={"batch": 128}),
            "cifar10": Setting(images=32_000_000, options={"batch": 128}),
        },
    },
    gap="The paper fits the prior after the auto-encoder; here each step trains both. Its CIFAR-10 number is from "
    "memory, not verified.",
    probe=measure,
    pictures={"reconstructions": reconstructions},
)
