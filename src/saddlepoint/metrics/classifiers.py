"""Which classifier judges a labelled data set: a committed one that knows it, else one trained on it once."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import torch

from saddlepoint import files
from saddlepoint.errors import UserError
from saddlepoint.metrics import store
from saddlepoint.metrics.classifier import Classifier, accuracy, train_classifier
from saddlepoint.metrics.datalike import DataLike, Progress
from saddlepoint.metrics.features import Features, classifier_features

COMMITTED = Path(__file__).parent / "weights"
KNOWS = 0.95
"""A committed classifier judges data of its shape whose held-out labels it gets right this often: neither names nor
sizes tell MNIST from Fashion-MNIST in the same files."""
CHECKED = 1000


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a weight file says of its classifier: the shape it takes, and its accuracy on the named test images."""

    name: str
    shape: tuple[int, ...]
    classes: tuple[str, ...]
    accuracy: float
    test: str


def classifier_for(
    data: DataLike, *, cache: Path | None = None, device: torch.device | str = "cpu", progress: Progress | None = None
) -> Features:
    """The classifier features for a labelled image set.

    Raises:
        UserError: the data has fewer than two classes, or nothing is held out to test a classifier on.
    """
    spec = data.spec
    if len(spec.classes) < 2:
        raise UserError(f"features=classifier needs labels of two classes or more, and {data.source} is {spec}.")
    if not len(data.test):
        raise UserError(f"features=classifier needs held-out images to state its accuracy, and {data.source} has none.")
    path = _at_hand(data, cache)
    if not path:
        path = _own(data, cache)
        classifier = train_classifier(data.train, progress=progress)
        name = re.sub(r"[^\w-]+", "-", Path(data.source).stem).strip("-") or "own"
        right = accuracy(classifier, data.test)
        card = Card(name=name, shape=spec.shape, classes=spec.classes, accuracy=right, test="held-out images")
        save_classifier(path, classifier, card)
    return _features(path, device)


def classifier_at_hand(data: DataLike, *, cache: Path | None = None) -> Features | None:
    """The same if no training is needed for it."""
    path = _at_hand(data, cache)
    return _features(path, "cpu") if path else None


def _at_hand(data: DataLike, cache: Path | None) -> Path | None:
    spec = data.spec
    for path in sorted(COMMITTED.glob("*.safetensors")):
        classifier, card = load_classifier(path)
        fits = card.shape == spec.shape and len(card.classes) == len(spec.classes)
        if fits and accuracy(classifier, data.test, CHECKED) >= KNOWS:
            return path
    own = _own(data, cache)
    return own if own.exists() else None


def _own(data: DataLike, cache: Path | None) -> Path:
    return store.cache_folder(cache) / "classifiers" / f"{data.fingerprint[:32]}.safetensors"


def save_classifier(path: Path, classifier: Classifier, card: Card) -> None:
    """The weights, with the card as the file's metadata."""
    metadata = {
        "name": card.name,
        "shape": json.dumps(card.shape),
        "classes": json.dumps(card.classes),
        "accuracy": f"{card.accuracy:.4f}",
        "test": card.test,
    }
    store.save(path, classifier.state_dict(), metadata)


def load_classifier(path: Path) -> tuple[Classifier, Card]:
    """A classifier ready to use, and its card.

    Raises:
        UserError: the file cannot be read.
    """
    tensors, metadata = store.load(path)
    card = Card(
        name=metadata["name"],
        shape=tuple(json.loads(metadata["shape"])),
        classes=tuple(json.loads(metadata["classes"])),
        accuracy=float(metadata["accuracy"]),
        test=metadata["test"],
    )
    with torch.random.fork_rng(devices=[]):
        classifier = Classifier(card.shape[0], min(card.shape[1:]), len(card.classes))
    classifier.load_state_dict(tensors)
    return classifier.eval().requires_grad_(False), card


def _features(path: Path, device: torch.device | str) -> Features:
    classifier, card = load_classifier(path)
    return classifier_features(
        classifier, name=card.name, digest=files.sha256(path), accuracy=card.accuracy, device=device
    )
