"""What codes keep and what lies between them: pictures, and errors beside those of principal components."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from PIL.Image import Image
from torch import Tensor

from saddlepoint import api, runs
from saddlepoint.claims.claim import Trained
from saddlepoint.metrics.measurement import Measurement
from saddlepoint.pictures import wall
from saddlepoint.recipe import Classifies, Encodes, Latent, Recipe
from saddlepoint.types import Noise

SHOWN = 12


def reconstructions(trained: Trained) -> Image:
    """Test images above, what their codes give back below, and the class that the model names if it draws by class."""
    x, again = _rebuilt(trained, 2 * SHOWN)
    rows = [part for pair in zip(x.split(SHOWN), again.split(SHOWN), strict=True) for part in pair]
    return wall(torch.cat(rows), SHOWN)


def interpolations(trained: Trained) -> Image:
    """From one test image to another, in each row, along the straight line between their codes."""
    model = trained.model
    assert isinstance(model, Latent)
    assert isinstance(model, Encodes)
    with torch.no_grad():
        first, last = model.encode(_test(trained, 12)).split(6)
        along = torch.linspace(0, 1, SHOWN, device=first.device)[:, None]
        return wall(
            torch.cat([model.generate(torch.lerp(a, b, along)) for a, b in zip(first, last, strict=True)]), SHOWN
        )


def manifold(trained: Trained) -> Image:
    """A grid of the prior's quantiles (Kingma & Welling 2014, figure 4), by the same recipe with codes of two numbers.

    It is trained for this, on as many images as the claim's model.
    """
    manifest = runs.manifest(trained.run.path)
    config = manifest["config"]
    options: dict[str, Any] = {**config["recipe"], **config["train"], **config["data"], "latent": 2}
    with TemporaryDirectory() as folder:
        flat = api.train(
            manifest["recipe"],
            manifest["data"]["source"],
            out=Path(folder) / "flat",
            seed=trained.seed,
            images=trained.run.images,
            offline=True,
            **options,
        )
        return grid(flat.model())


def grid(model: Recipe[Any], side: int = 16) -> Image:
    """What a latent of two numbers makes at the quantiles of a standard normal; the first grows to the right."""
    assert isinstance(model, Latent)
    quantiles = torch.special.ndtri((torch.arange(side, dtype=torch.float32) + 0.5) / side)
    z = torch.cartesian_prod(-quantiles, quantiles).flip(1)
    with torch.no_grad():
        return wall(model.generate(z.to(model.device)).cpu(), side)


def against_components(trained: Trained) -> Iterator[Measurement]:
    """Squared error of a test image, pixels in [0, 1], rebuilt from its code and from as many principal components."""
    x, again = _rebuilt(trained, len(trained.data.test))
    model = trained.model
    assert isinstance(model, Latent)
    codes = model.prior(Noise("size", rows=1, device=model.device)).shape[1]
    protocol = {"n": len(x), "reference": "test", "weights": "average"}
    for name, back in (
        (f"squared error an image, {codes} numbers", again),
        (f"squared error an image, {codes} principal components", _components(trained, x, codes)),
    ):
        errors = ((x - back) / 2).square().flatten(1).sum(1).double()
        error = float(errors.std()) / len(errors) ** 0.5
        yield Measurement(metric=name, value=float(errors.mean()), error=error, protocol=protocol)


def _components(trained: Trained, x: Tensor, k: int) -> Tensor:
    """x (B, *shape) projected onto the first k principal components of the training split."""
    train = trained.data.train
    rows = train.x(torch.arange(len(train)).numpy()).flatten(1)
    mean = rows.mean(0)
    directions = torch.linalg.eigh((rows - mean).T @ (rows - mean)).eigenvectors[:, -k:]
    return ((x.flatten(1) - mean) @ directions @ directions.T + mean).view_as(x)


def _rebuilt(trained: Trained, count: int) -> tuple[Tensor, Tensor]:
    model = trained.model
    assert isinstance(model, Latent)
    assert isinstance(model, Encodes)
    x = _test(trained, count)
    with torch.no_grad():
        again = torch.cat([model.generate(model.encode(part), _named(model, part)) for part in x.split(500)])
    return x.cpu(), again.cpu()


def _named(model: Recipe[Any], x: Tensor) -> Tensor | None:
    """The model's own word for the class of each, (B,), if it is asked for one when it draws."""
    if not model.conditional:
        return None
    assert isinstance(model, Classifies)
    return model.classify(x).argmax(1)


def _test(trained: Trained, count: int) -> Tensor:
    return trained.data.test.x(torch.arange(count).numpy()).to(trained.model.device)
