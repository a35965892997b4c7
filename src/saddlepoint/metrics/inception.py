"""The Inception-v3 of the Frechet Inception Distance, for the weights that Heusel et al. 2017 published.

Szegedy et al. 2015 (arXiv 1512.00567) as in TensorFlow's graph of 2015-12-05. Names and shapes are those of
pytorch-fid's conversion of it, so that the published file loads. It is not torchvision's network:
average pooling leaves the padding out of its mean, the last block pools by maximum, and there are 1008 classes.
"""

from __future__ import annotations

import urllib.error
import urllib.request
import warnings
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saddlepoint import files
from saddlepoint.errors import UserError
from saddlepoint.metrics import store
from saddlepoint.metrics.datalike import Progress

FILE = "pt_inception-2015-12-05-6726825d.pth"
URL = f"https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/{FILE}"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
MEGABYTES = 96
DIM = 2048
SIDE = 299


class Conv(nn.Module):
    """Convolution, batch norm, ReLU; an uneven kernel (1, 7) is padded to keep the size unless told otherwise."""

    def __init__(self, before: int, after: int, kernel: tuple[int, int], stride: int = 1, pad: bool = True) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if pad else 0
        self.conv = nn.Conv2d(before, after, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(after, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class Block(nn.Module):
    """Branches side by side, joined over channels.

    A branch is a chain of convolutions, given as (name, channels, kernel height, kernel width). A step that is a
    list of convolutions runs them side by side. The pooled branch comes last; with no convolution it only pools.
    """

    def __init__(self, before: int, branches: list[list[Step]], pool: str, stride: int = 1) -> None:
        super().__init__()
        self.branches, self.pool = [[_as_list(step) for step in branch] for branch in branches], pool
        for branch in self.branches:
            channels = before
            for i, step in enumerate(branch):
                last = i == len(branch) - 1 and stride > 1
                for name, after, height, width in step:
                    conv = Conv(channels, after, (height, width), stride if last else 1, pad=not last)
                    self.add_module(name, conv)
                channels = sum(after for _, after, _, _ in step)

    def forward(self, x: Tensor) -> Tensor:
        outputs: list[Tensor] = []
        for branch in self.branches:
            y = _POOLS[self.pool](x) if branch is self.branches[-1] else x
            for step in branch:
                y = torch.cat([self.get_submodule(name)(y) for name, *_ in step], 1)
            outputs.append(y)
        return torch.cat(outputs, 1)


Convolution = tuple[str, int, int, int]
Step = Convolution | list[Convolution]

_POOLS = {
    "mean": nn.AvgPool2d(3, 1, 1, count_include_pad=False),
    "max": nn.MaxPool2d(3, 1, 1),
    "halve": nn.MaxPool2d(3, 2),
}


def _as_list(step: Step) -> list[Convolution]:
    return step if isinstance(step, list) else [step]


def _block_35(before: int, pooled: int) -> Block:
    return Block(
        before,
        [
            [("branch1x1", 64, 1, 1)],
            [("branch5x5_1", 48, 1, 1), ("branch5x5_2", 64, 5, 5)],
            [("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 3), ("branch3x3dbl_3", 96, 3, 3)],
            [("branch_pool", pooled, 1, 1)],
        ],
        pool="mean",
    )


def _block_35_to_17(before: int) -> Block:
    return Block(
        before,
        [
            [("branch3x3", 384, 3, 3)],
            [("branch3x3dbl_1", 64, 1, 1), ("branch3x3dbl_2", 96, 3, 3), ("branch3x3dbl_3", 96, 3, 3)],
            [],
        ],
        pool="halve",
        stride=2,
    )


def _block_17(before: int, c: int) -> Block:
    double = [
        ("branch7x7dbl_1", c, 1, 1),
        ("branch7x7dbl_2", c, 7, 1),
        ("branch7x7dbl_3", c, 1, 7),
        ("branch7x7dbl_4", c, 7, 1),
        ("branch7x7dbl_5", 192, 1, 7),
    ]
    return Block(
        before,
        [
            [("branch1x1", 192, 1, 1)],
            [("branch7x7_1", c, 1, 1), ("branch7x7_2", c, 1, 7), ("branch7x7_3", 192, 7, 1)],
            [*double],
            [("branch_pool", 192, 1, 1)],
        ],
        pool="mean",
    )


def _block_17_to_8(before: int) -> Block:
    return Block(
        before,
        [
            [("branch3x3_1", 192, 1, 1), ("branch3x3_2", 320, 3, 3)],
            [
                ("branch7x7x3_1", 192, 1, 1),
                ("branch7x7x3_2", 192, 1, 7),
                ("branch7x7x3_3", 192, 7, 1),
                ("branch7x7x3_4", 192, 3, 3),
            ],
            [],
        ],
        pool="halve",
        stride=2,
    )


def _block_8(before: int, pool: str) -> Block:
    return Block(
        before,
        [
            [("branch1x1", 320, 1, 1)],
            [("branch3x3_1", 384, 1, 1), [("branch3x3_2a", 384, 1, 3), ("branch3x3_2b", 384, 3, 1)]],
            [
                ("branch3x3dbl_1", 448, 1, 1),
                ("branch3x3dbl_2", 384, 3, 3),
                [("branch3x3dbl_3a", 384, 1, 3), ("branch3x3dbl_3b", 384, 3, 1)],
            ],
            [("branch_pool", 192, 1, 1)],
        ],
        pool=pool,
    )


class Inception(nn.Module):
    """(B, 3, H, W) in [-1, 1] -> (B, 2048), the mean over places of the last block."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Conv(3, 32, (3, 3), stride=2, pad=False)
        self.Conv2d_2a_3x3 = Conv(32, 32, (3, 3), pad=False)
        self.Conv2d_2b_3x3 = Conv(32, 64, (3, 3))
        self.Conv2d_3b_1x1 = Conv(64, 80, (1, 1))
        self.Conv2d_4a_3x3 = Conv(80, 192, (3, 3), pad=False)
        self.Mixed_5b = _block_35(192, 32)
        self.Mixed_5c = _block_35(256, 64)
        self.Mixed_5d = _block_35(288, 64)
        self.Mixed_6a = _block_35_to_17(288)
        self.Mixed_6b = _block_17(768, 128)
        self.Mixed_6c = _block_17(768, 160)
        self.Mixed_6d = _block_17(768, 160)
        self.Mixed_6e = _block_17(768, 192)
        self.Mixed_7a = _block_17_to_8(768)
        self.Mixed_7b = _block_8(1280, pool="mean")
        self.Mixed_7c = _block_8(2048, pool="max")
        self.fc = nn.Linear(DIM, 1008)

    def forward(self, x: Tensor) -> Tensor:
        x = F.interpolate(x, (SIDE, SIDE), mode="bilinear", align_corners=False)
        for name, layer in self.named_children():
            if name == "fc":
                break
            x = layer(x)
            if name in ("Conv2d_2b_3x3", "Conv2d_4a_3x3"):
                x = F.max_pool2d(x, 3, 2)
        return x.mean((2, 3))

    def logits(self, features: Tensor) -> Tensor:
        """(B, 1008) without the bias, as the Inception Score is computed by its authors' code."""
        return features @ self.fc.weight.T


def load_inception(path: Path) -> Inception:
    """The network with the weights of a file: PyTorch's (.pth, .pt: tensors only, nothing is executed) or safetensors.

    Raises:
        UserError: no such file, or its tensors are not this network's.
    """
    if not path.is_file():
        raise UserError(f"There is no weight file {path}: pass {FILE}, which {URL} serves.")
    if path.suffix == ".safetensors":
        state = store.load(path)[0]
    else:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # about the file format's age
                state = torch.load(path, map_location="cpu", weights_only=True)
        except Exception as error:  # torch.load raises its readers' own: unpickling, zip, EOF, runtime errors
            reason = str(error).partition("\n")[0]
            raise UserError(f"{path} is no file of tensors ({reason}): pass {FILE} from {URL}.") from error
    with torch.device("meta"):
        network = Inception()
    # counts of training batches: absent from files of some ages, and without meaning here
    expected = {k: v.shape for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
    tensors = state.items() if isinstance(state, dict) else ()
    held = {str(k): v for k, v in tensors if isinstance(v, Tensor)}
    found = {k: v for k, v in held.items() if not k.endswith("num_batches_tracked")}
    for name, shape in expected.items():
        if name not in found or found[name].shape != shape:
            given = f"has {name} of shape {tuple(found[name].shape)}" if name in found else f"lacks {name}"
            raise UserError(f"{path} is not the FID Inception-v3: it {given}, and {tuple(shape)} is right.")
    if unknown := found.keys() - expected.keys():
        raise UserError(f"{path} is not the FID Inception-v3: it has {min(unknown)}, which that network has not.")
    network = network.to_empty(device="cpu")
    network.load_state_dict(found, strict=False)
    return network.eval().requires_grad_(False)


def published_weights(cache: Path | None, *, offline: bool, progress: Progress | None = None) -> Path:
    """The published file in the cache folder, downloaded if it is not there yet.

    Raises:
        UserError: it would have to be downloaded while offline, the download fails, or its sha256 is another.
    """
    path = store.cache_folder(cache) / "weights" / FILE
    if not path.exists():
        if offline:
            raise UserError(
                f"The Inception features need {path}, and this is offline: put {URL} there or pass --weights FILE."
            )
        store.write(path, lambda temporary: _download(temporary, progress))
    if files.sha256(path) != SHA256:
        raise UserError(f"{path} is damaged (its sha256 is not {SHA256[:8]}...): delete it to download it again.")
    return path


def _download(path: Path, progress: Progress | None) -> None:
    try:
        with urllib.request.urlopen(URL, timeout=60) as answer, path.open("wb") as file:
            done = 0
            while chunk := answer.read(1 << 20):
                done += file.write(chunk)
                if progress:
                    progress(done >> 20, MEGABYTES, "downloading the Inception weights (MB)")
    except (urllib.error.URLError, TimeoutError) as error:
        raise UserError(f"{URL} cannot be downloaded ({error}): pass --weights FILE if you have it.") from None
    if files.sha256(path) != SHA256:
        raise UserError(f"{URL} answered with another file than the published one (sha256 {SHA256[:8]}...).")
