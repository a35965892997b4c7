"""Trains the committed classifiers anew: `python benchmarks/train_classifiers.py digits mnist`, or
`mnist=FOLDER` for files that are there already.

Each is trained on the training split that `saddlepoint.data` gives and tested on its test split: MNIST's official
10,000, or the held-out tenth of the digits. A number measured with another file is another number: the hash on the
label says so.
"""

from __future__ import annotations

import sys

from saddlepoint.data.load import load
from saddlepoint.metrics.classifier import accuracy, train_classifier
from saddlepoint.metrics.classifiers import COMMITTED, Card, save_classifier

BUDGET = {"digits": 90_000, "mnist": 600_000}  # images


def main() -> None:
    for name, _, source in (argument.partition("=") for argument in sys.argv[1:]):
        data = load(source or name)
        classifier = train_classifier(data.train, budget=BUDGET[name], progress=_show)
        right, test = accuracy(classifier, data.test), f"the {len(data.test):,} test images of {name}"
        card = Card(name=name, shape=data.spec.shape, classes=data.spec.classes, accuracy=right, test=test)
        save_classifier(COMMITTED / f"{name}.safetensors", classifier, card)
        print(f"\n{name}: {right:.2%} of {test}, trained on {len(data.train):,}")


def _show(done: int, total: int, stage: str) -> None:
    print(f"\r{stage}: {done:,} of {total:,} images", end="", flush=True)


if __name__ == "__main__":
    main()
