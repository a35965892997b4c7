"""Samples beside the training images nearest to them: a copy shows at a glance."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.metrics.choose import choose
from saddlepoint.metrics.collect import SEARCHED, data_features, draw, features_of, train_positions
from saddlepoint.metrics.datalike import DataLike, Positions, Progress, chunks
from saddlepoint.metrics.features import Features, to_rgb
from saddlepoint.metrics.neighbours import CHUNK, nearest
from saddlepoint.pictures import to_pixels
from saddlepoint.recipe import Recipe

TILE = 64  # pixels at least, so that 8x8 digits can be seen
RULE, GAP, TITLE = 4, 16, 20  # pixels between tiles, between blocks, and above


@dataclass(frozen=True, kw_only=True, eq=False)
class Beside:
    """Samples (N, C, H, W), and for each its k nearest training images (N, k, C, H, W), the nearest first."""

    samples: Tensor
    in_pixels: Tensor
    in_features: Tensor


def beside(
    samples: Tensor,
    data: DataLike,
    features: Features,
    *,
    k: int = 3,
    searched: int = SEARCHED,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Beside:
    """Look among so many training images for those nearest to samples (N, C, H, W).

    Raises:
        UserError: the data are not images, or there are none to train on.
    """
    check_images(data)
    positions = train_positions(data, searched)
    pool = (data.train.x(part).flatten(1) for part in chunks(positions, CHUNK))
    in_pixels = nearest(samples.flatten(1), pool, k)[1]
    known = data_features(data, "train", positions, features, cache, progress)
    in_features = nearest(features_of(samples, features), known.split(CHUNK), k)[1]
    return Beside(
        samples=samples,
        in_pixels=_look_up(data, positions, in_pixels),
        in_features=_look_up(data, positions, in_features),
    )


def check_images(data: DataLike) -> None:
    """
    Raises:
        UserError: as `beside`.
    """
    if data.spec.kind != "image" or not len(data.train):
        raise UserError(f"Neighbours are shown for images, and {data.source} has {len(data.train):,} of {data.spec}.")


def neighbours_figure(
    recipe: Recipe[Any],
    data: DataLike,
    features: str = "auto",
    *,
    n: int = 8,
    k: int = 3,
    seed: int = 0,
    cache: Path | None = None,
    offline: bool = False,
    weights_file: Path | None = None,
    progress: Progress | None = None,
) -> Image.Image:
    """A row for each of n samples: the sample, its k nearest training images in pixels, and its k nearest in features.

    At most 50,000 training images are searched. features and what follows are as in `evaluate`.

    Raises:
        UserError: the data are not images, or there are none to train on.
    """
    check_images(data)
    chosen = choose(
        features,
        data,
        cache=cache,
        offline=offline,
        weights_file=weights_file,
        device=recipe.device,
        progress=progress,
    )
    found = beside(draw(recipe, n, seed), data, chosen, k=k, cache=cache, progress=progress)
    columns = {
        "sample": found.samples[:, None],
        "nearest in pixels": found.in_pixels,
        f"nearest in {chosen.name}": found.in_features,
    }
    return _table(columns)


def _look_up(data: DataLike, positions: Positions, where: Tensor) -> Tensor:
    """(N, k) places among positions -> (N, k, C, H, W)."""
    found = data.train.x(positions[where.flatten().numpy()])
    return found.reshape(*where.shape, *found.shape[1:])


def _table(columns: dict[str, Tensor]) -> Image.Image:
    """Titled blocks of (N, k, C, H, W) images side by side."""
    blocks = [_block(images) for images in columns.values()]
    font = ImageFont.load_default()
    widths = [max(block.width, int(font.getlength(title)) + 1) for title, block in zip(columns, blocks, strict=True)]
    table = Image.new("RGB", (sum(widths) + GAP * (len(widths) - 1), TITLE + blocks[0].height), "white")
    pen = ImageDraw.Draw(table)
    left = 0
    for title, block, width in zip(columns, blocks, widths, strict=True):
        pen.text((left, 3), title, fill="black", font=font)
        table.paste(block, (left, TITLE))
        left += width + GAP
    return table


def _block(images: Tensor) -> Image.Image:
    """(N, k, C, H, W) as a grid on white."""
    rows, across = images.shape[:2]
    pixels = to_pixels(to_rgb(images.flatten(0, 1)))
    zoom = max(1, TILE // max(pixels.shape[1:3]))
    pixels = pixels.repeat(zoom, 1).repeat(zoom, 2)
    height, width = pixels.shape[1:3]
    block = Image.new("RGB", (across * (width + RULE) - RULE, rows * (height + RULE) - RULE), "white")
    for i, tile in enumerate(pixels):
        block.paste(Image.fromarray(tile), (i % across * (width + RULE), i // across * (height + RULE)))
    return block
