"""Features from any ONNX graph of one image input, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from saddlepoint import files
from saddlepoint.errors import UserError
from saddlepoint.metrics.features import Features, to_rgb
from saddlepoint.types import DataSpec


def onnx_features(path: Path, spec: DataSpec) -> Features:
    """The first output, flattened, of a graph whose one input is float32 (B, C, H, W) in [-1, 1].

    Where the graph fixes the height and width images are resized to it; where it fixes three channels grey is
    repeated; where it fixes the batch the last one is filled up.

    Raises:
        UserError: ONNX Runtime is missing, the file is none of its graphs, or its input is another.
    """
    if spec.kind != "image":
        raise UserError(f"{path} needs images, and this is {spec}: features=pixels compares the values.")
    session = _session(path)
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type != "tensor(float)" or len(inputs[0].shape) != 4:
        given = ", ".join(f"{i.name}: {i.type} {i.shape}" for i in inputs)
        raise UserError(f"{path} takes ({given}): features need one float32 input of shape (batch, C, H, W).")
    batch, channels, height, width = (size if isinstance(size, int) else None for size in inputs[0].shape)
    if channels not in (None, spec.shape[0], 3):
        raise UserError(f"{path} takes {channels} channels, and this is {spec}.")
    size = (height or spec.shape[1], width or spec.shape[2])
    resized = size != spec.shape[1:]

    def extract(x: Tensor) -> Tensor:
        x = to_rgb(x) if channels == 3 else x
        x = F.interpolate(x, size, mode="bilinear", antialias=True) if resized else x
        outputs = [_run(session, inputs[0].name, part, batch) for part in x.split(batch or len(x))]
        return torch.cat(outputs)

    digest = files.sha256(path)
    return Features(
        name=f"{path.name}@{digest[:4]}",
        sha256=digest,
        dim=extract(torch.zeros(1, *spec.shape)).shape[1],
        extract=extract,
        resize=f"{size[0]}x{size[1]} bilinear, antialiased" if resized else "none",
    )


def _run(session: Any, name: str, x: Tensor, batch: int | None) -> Tensor:
    count = len(x)
    if batch and count < batch:
        x = torch.cat([x, x.new_zeros(batch - count, *x.shape[1:])])
    output = session.run(None, {name: np.ascontiguousarray(x.cpu().numpy(), np.float32)})[0]
    return torch.from_numpy(np.array(output, np.float32)).flatten(1)[:count]


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise UserError(
            f"{path} needs ONNX Runtime, which is not installed: pip install 'saddlepoint[export]'"
        ) from None
    if not path.is_file():
        raise UserError(f"There is no ONNX file {path}.")
    try:
        return onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    except Exception as error:  # its exceptions have no common base of their own
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path} is no graph that ONNX Runtime can run: {reason}") from error
