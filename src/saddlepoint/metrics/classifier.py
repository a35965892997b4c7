"""A small convolutional classifier whose features judge samples of labelled data."""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saddlepoint.metrics.datalike import ExamplesLike, Progress, chunks, everything

DIM = 64
LARGEST = 64  # pixels a side; larger images are shrunk, so that training stays minutes of CPU


class Classifier(nn.Module):
    """Convolutions down to about 8x8, then the mean over places: `DIM` features, and a linear layer to the classes."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        super().__init__()
        halvings = min(max(round(math.log2(min(side, LARGEST) / 8)), 1), 3)
        widths = [max(16, DIM >> (halvings - i)) for i in range(halvings + 1)]
        layers = [_block(channels, widths[0])]
        for before, after in itertools.pairwise(widths):
            layers += [_block(before, after, stride=2), _block(after, after)]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(DIM, classes)

    def features(self, x: Tensor) -> Tensor:
        """(B, C, H, W) in [-1, 1] -> (B, DIM)."""
        return self.body(_shrink(x)).mean((2, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))


def train_classifier(
    train: ExamplesLike, *, budget: int = 300_000, seed: int = 0, progress: Progress | None = None
) -> Classifier:
    """A classifier trained on a labelled split; the process's own random state is left as it was.

    budget: images to process, at most 60 passes over the split.
    """
    spec, count = train.spec, len(train)
    targets = train.y(everything(train))
    assert spec.kind == "image"
    assert targets is not None
    batch = min(128, count)
    steps = max(min(budget, 60 * count) // batch, 1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier = Classifier(spec.shape[0], min(spec.shape[1:]), len(spec.classes))
        optimizer = torch.optim.AdamW(classifier.parameters(), lr=4e-3, weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps + 1)
        order = torch.empty(0, dtype=torch.int64)
        for step in range(steps):
            while len(order) < batch:
                order = torch.cat([order, torch.randperm(count)])
            positions, order = order[:batch], order[batch:]
            loss = F.cross_entropy(classifier(_shift(train.x(positions.numpy()))), targets[positions])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            if progress and (step % 50 == 0 or step + 1 == steps):
                progress((step + 1) * batch, steps * batch, "training a classifier")
    return classifier.eval().requires_grad_(False)


@torch.no_grad()
def accuracy(classifier: Classifier, test: ExamplesLike, limit: int = 10_000) -> float:
    """Share of the first `limit` examples that get their own label."""
    hits, count = 0, min(len(test), limit)
    for positions in chunks(everything(test)[:count], 500):
        targets = test.y(positions)
        assert targets is not None
        hits += int((classifier(test.x(positions)).argmax(1) == targets).sum())
    return hits / max(count, 1)


def _block(before: int, after: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(before, after, 3, stride, 1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(after), nn.ReLU())


def _shrink(x: Tensor) -> Tensor:
    height, width = x.shape[2:]
    if max(height, width) <= LARGEST:
        return x
    scale = LARGEST / max(height, width)
    size = (max(round(height * scale), 1), max(round(width * scale), 1))
    return F.interpolate(x, size, mode="bilinear", antialias=True)


def _shift(x: Tensor) -> Tensor:
    """Each image moved by up to 1/14 of its side; the uncovered edge repeats."""
    height, width = x.shape[2:]
    reach = max(min(height, width) // 14, 1)
    padded = F.pad(x, (reach, reach, reach, reach), mode="replicate")
    down, right = torch.randint(2 * reach + 1, (2, len(x), 1, 1, 1))
    rows = torch.arange(height).view(1, 1, -1, 1) + down
    columns = torch.arange(width).view(1, 1, 1, -1) + right
    image = torch.arange(len(x)).view(-1, 1, 1, 1)
    channel = torch.arange(x.shape[1]).view(1, -1, 1, 1)
    return padded[image, channel, rows, columns]
