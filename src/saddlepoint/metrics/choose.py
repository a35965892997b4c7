"""Which features judge a data set."""

from __future__ import annotations

from pathlib import Path

import torch

from saddlepoint.errors import UserError
from saddlepoint.metrics.classifiers import classifier_for
from saddlepoint.metrics.datalike import DataLike, Progress
from saddlepoint.metrics.features import Features, inception_features, pixels
from saddlepoint.metrics.inception import published_weights
from saddlepoint.metrics.onnx_features import onnx_features

KINDS = ("auto", "inception", "classifier", "pixels")


def choose(
    asked: str,
    data: DataLike,
    *,
    cache: Path | None = None,
    offline: bool = False,
    weights_file: Path | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
) -> Features:
    """The extractor for a request: `auto`, `inception`, `classifier`, `pixels`, or the path of an ONNX file.

    auto: a classifier for labelled images (a committed one if it knows this data, else one trained on it), pixels
    for other images, the values themselves for points. A weights_file means `inception` unless told otherwise.

    Raises:
        UserError: an unknown request, or one that this data or this machine cannot meet.
    """
    spec = data.spec
    if weights_file and asked not in ("auto", "inception"):
        raise UserError(f"The weights file {weights_file} is for features=inception, and features={asked} was asked.")
    if asked == "auto":
        labelled = spec.kind == "image" and len(spec.classes) > 1
        asked = "inception" if weights_file else "classifier" if labelled else "pixels"
    if asked.endswith(".onnx"):
        return onnx_features(Path(asked), spec)
    if asked not in KINDS:
        raise UserError(f"There are no features {asked!r}: choose {', '.join(KINDS)}, or the path of an .onnx file.")
    if asked == "pixels":
        return pixels(spec)
    if spec.kind != "image":
        raise UserError(f"features={asked} needs images, and this is {spec}: features=pixels compares the values.")
    if asked == "inception":
        path = weights_file or published_weights(cache, offline=offline, progress=progress)
        return inception_features(path, device)
    return classifier_for(data, cache=cache, device=device, progress=progress)
