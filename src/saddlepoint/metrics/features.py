"""What images are compared by: Inception, a classifier of the data's own classes, pixels, or an ONNX graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from saddlepoint import files
from saddlepoint.metrics import inception
from saddlepoint.metrics.classifier import DIM, LARGEST, Classifier
from saddlepoint.types import DataSpec

PIXEL_SIDE = 16


@dataclass(frozen=True, kw_only=True)
class Features:
    """A feature extractor. Called on (B, C, H, W) in [-1, 1], or (B, D) points, it gives (B, dim) float32 on the CPU.

    name: as on a label, with the first digits of the hash where there are weights; sha256: of the weights, or of the
    definition; head: features -> class logits, where the extractor classifies; resize: what it does to the size and
    channels; accuracy: of a classifier, on held-out images; fid: whether these are the published Inception features.
    """

    name: str
    sha256: str
    dim: int
    extract: Callable[[Tensor], Tensor]
    head: Callable[[Tensor], Tensor] | None = None
    resize: str = "none"
    accuracy: float | None = None
    fid: bool = False
    batch: int = 256

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Tensor:
        return self.extract(x).float().cpu()


def pixels(spec: DataSpec) -> Features:
    """Images area-averaged until no side is above 16, which keeps the dimension small; points as they are."""
    if spec.kind == "points":
        return Features(name="identity", sha256=_hash("identity"), dim=spec.dimensions, extract=lambda x: x)
    channels, height, width = spec.shape
    scale = min(PIXEL_SIDE / max(height, width), 1.0)
    size = (max(round(height * scale), 1), max(round(width * scale), 1))
    name = f"pixels:{size[0]}x{size[1]}"
    return Features(
        name=name,
        sha256=_hash(f"{name}x{channels} area"),
        dim=channels * size[0] * size[1],
        extract=lambda x: F.adaptive_avg_pool2d(x, size).flatten(1),
        resize=f"{size[0]}x{size[1]} by area" if scale < 1 else "none",
    )


def inception_features(path: Path, device: torch.device | str = "cpu") -> Features:
    """The FID network with the weights of a file; called FID only if the file is the published one."""
    digest = files.sha256(path) if path.is_file() else ""
    network = inception.load_inception(path).to(device)

    def extract(x: Tensor) -> Tensor:
        with torch.backends.cudnn.flags(allow_tf32=False):
            return network(to_rgb(x.to(device)))

    return Features(
        name=f"inception@{digest[:4]}",
        sha256=digest,
        dim=inception.DIM,
        extract=extract,
        head=lambda features: network.logits(features.to(device)).cpu(),
        resize=f"{inception.SIDE}x{inception.SIDE} bilinear (align_corners=False, no antialiasing); "
        "grey repeated to RGB, RGBA laid on white",
        fid=digest == inception.SHA256,
        batch=32,
    )


def classifier_features(
    classifier: Classifier, *, name: str, digest: str, accuracy: float, device: torch.device | str = "cpu"
) -> Features:
    """A classifier's last hidden layer."""
    classifier = classifier.to(device)
    return Features(
        name=f"classifier:{name}@{digest[:4]}",
        sha256=digest,
        dim=DIM,
        extract=lambda x: classifier.features(x.to(device)),
        head=lambda features: classifier.head(features.to(device)).cpu(),
        resize=f"shrunk to {LARGEST} on the longer side, if larger",
        accuracy=accuracy,
    )


def to_rgb(x: Tensor) -> Tensor:
    """(B, C, H, W) in [-1, 1] with three channels: grey is repeated, RGBA is laid on white."""
    channels = x.shape[1]
    if channels == 4:
        alpha = (x[:, 3:] + 1) / 2
        return x[:, :3] * alpha + (1 - alpha)
    return x.expand(-1, 3, -1, -1) if channels == 1 else x


def _hash(definition: str) -> str:
    return sha256(definition.encode()).hexdigest()
