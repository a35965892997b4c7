"""One picture of several models' samples, each set under its title."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from saddlepoint.pictures import wall

TITLE, GAP = 20, 12
"""Pixels above each picture, and between them."""


def titled_wall(samples: Sequence[tuple[str, Tensor]]) -> Image.Image:
    """(title, samples): images in a row each, below one another; points as a density each, side by side."""
    pictures = [(title, wall(x, len(x) if x.ndim == 4 else 0).convert("RGB")) for title, x in samples]
    down = samples[0][1].ndim == 4
    font = ImageFont.load_default()
    sizes = [(max(p.width, int(font.getlength(title)) + 1), p.height + TITLE) for title, p in pictures]
    wide, high = [w for w, _ in sizes], [h for _, h in sizes]
    between = GAP * (len(sizes) - 1)
    size = (max(wide), sum(high) + between) if down else (sum(wide) + between, max(high))
    sheet = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(sheet)
    left = top = 0
    for (title, picture), (across, along) in zip(pictures, sizes, strict=True):
        pen.text((left, top + 3), title, fill="black", font=font)
        sheet.paste(picture, (left, top + TITLE))
        left, top = (left, top + along + GAP) if down else (left + across + GAP, top)
    return sheet
