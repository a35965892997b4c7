"""How well a recipe that encodes gets an example back from its latent."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from saddlepoint.claims.claim import Trained
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.recipe import Encodes, Latent
from saddlepoint.types import Noise

ROWS = 1_000


def measure(trained: Trained) -> Iterator[Measurement]:
    """Squared errors a dimension: of test images x against G(E(x)), and of the prior's z against E(G(z)).

    What is lost altogether costs twice the variance, that of an unrelated test image or of another z: the floor of a
    model that encodes nothing, given beside it.
    """
    model, protocol = trained.model, {"n": ROWS, "reference": "test", "weights": "average"}
    assert isinstance(model, Latent)
    assert isinstance(model, Encodes)
    x = trained.data.test.x(torch.arange(min(ROWS, len(trained.data.test))).numpy()).to(model.device)
    z = model.prior(Noise("reconstruct", trained.seed, rows=ROWS, device=model.device))
    with torch.no_grad():
        again, code = model.generate(model.encode(x)), model.encode(model.generate(z))
    for name, value in (
        ("||x - G(E(x))||² a pixel", (x - again).square().mean()),
        ("||x - x'||² a pixel, x' another test image", (x - x.roll(1, 0)).square().mean()),
        ("||z - E(G(z))||² a dimension", (z - code).square().mean()),
    ):
        yield Measurement(metric=name, value=float(value), protocol=protocol)
