"""Tensors as pictures: pixels, walls of samples, PNG bytes."""

from __future__ import annotations

import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

Pixels = npt.NDArray[np.uint8]

GAP = 2  # white pixels between the pictures of a wall


def to_pixels(x: Tensor) -> Pixels:
    """Images (B, C, H, W) in [-1, 1] as uint8 (B, H, W, C)."""
    scaled = (x.detach().float().cpu().clamp(-1, 1) + 1) * 127.5
    return scaled.round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def to_image(pixels: Pixels) -> Image.Image:
    """One picture from uint8 (H, W, C) with 1, 3 or 4 channels."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def wall(x: Tensor, columns: int = 0) -> Image.Image:
    """Samples side by side: images (B, C, H, W) in a grid, small ones enlarged; points (B, 2) as a density."""
    if x.ndim == 2:
        return _density(x)
    pixels = to_pixels(x)
    zoom = max(1, 96 // max(pixels.shape[1:3]))
    pixels = pixels.repeat(zoom, axis=1).repeat(zoom, axis=2)
    count, height, width, channels = pixels.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = -(-count // columns)
    tiles = np.full((rows * columns, height + GAP, width + GAP, channels), 255, np.uint8)
    tiles[:count, :height, :width] = pixels
    joined = tiles.reshape(rows, columns, height + GAP, width + GAP, channels).swapaxes(1, 2)
    sheet = joined.reshape(rows * (height + GAP), columns * (width + GAP), channels)
    return to_image(np.ascontiguousarray(sheet[:-GAP, :-GAP]))


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _density(points: Tensor, side: int = 256, reach: float = 5.0) -> Image.Image:
    """Where points fall in the first two dimensions, over [-reach, reach]², dark on white."""
    xy = points.detach().float().cpu().numpy()
    vertical = xy[:, 1] if xy.shape[1] > 1 else np.zeros(len(xy))
    counts = np.histogram2d(-vertical, xy[:, 0], bins=side, range=[[-reach, reach]] * 2)[0]
    shade = 255 * (1 - np.clip(counts / max(np.quantile(counts[counts > 0], 0.9), 1), 0, 1)) if counts.any() else counts
    return Image.fromarray(shade.astype(np.uint8))
