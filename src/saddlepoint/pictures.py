"""Tensors as pictures: pixels, walls of samples, PNG bytes."""

from __future__ import annotations

import io
import math

import numpy as np
import numpy.typing as npt
from PIL import Image
from torch import Tensor

Pixels = npt.NDArray[np.uint8]


def to_pixels(x: Tensor) -> Pixels:
    """Images (B, C, H, W) in [-1, 1] as uint8 (B, H, W, C)."""
    scaled = (x.detach().float().cpu().clamp(-1, 1) + 1) * 127.5
    return scaled.round().byte().permute(0, 2, 3, 1).contiguous().numpy()


def to_image(pixels: Pixels) -> Image.Image:
    """One picture from uint8 (H, W, C) with 1, 3 or 4 channels."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def wall(x: Tensor, columns: int = 0) -> Image.Image:
    """Samples side by side: images (B, C, H, W) in a grid; points (B, 2) as a density."""
    if x.ndim == 2:
        return _density(x)
    pixels = to_pixels(x)
    count, height, width, channels = pixels.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = -(-count // columns)
    canvas = np.zeros((rows * columns, height, width, channels), np.uint8)
    canvas[:count] = pixels
    joined = canvas.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    picture = to_image(joined.reshape(rows * height, columns * width, channels))
    zoom = max(1, 96 // max(height, width)) if max(height, width) < 32 else 1
    return picture.resize((picture.width * zoom, picture.height * zoom), Image.Resampling.NEAREST)


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
