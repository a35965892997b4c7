"""Which labels a semi-supervised training knows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlepoint.config import DataConfig
from saddlepoint.data.dataset import Data, Examples
from saddlepoint.data.labels import known_labels
from saddlepoint.data.load import load
from saddlepoint.errors import UserError
from saddlepoint.types import DataSpec

NAMES = ("cat", "dog", "newt")


def made(labels: list[int] | None, kept: int, names: tuple[str, ...] = NAMES) -> Data:
    """Points of which the first row is for testing."""
    spec = DataSpec(kind="points", shape=(1,), classes=names)
    count = 1 + (len(labels) if labels is not None else 5)
    rows = np.zeros((count, 1), np.float32)
    y = None if labels is None else np.array([0, *labels])
    train, test = (Examples(spec=spec, rows=rows, labels=y, index=i) for i in (np.arange(1, count), np.arange(1)))
    options = DataConfig(labels=kept)
    return Data(spec=spec, source="made", fingerprint="", options=options, train=train, validation=test, test=test)


@given(each=st.integers(1, 4), seed=st.integers(0, 2**63 - 1), labels=st.permutations([0, 1, 2] * 4 + [2] * 9))
def test_as_many_of_each_class(each, seed, labels):
    data = made(list(labels), 3 * each)
    kept = known_labels(data, seed)
    assert len(set(kept)) == len(kept) == 3 * each
    assert np.bincount(np.array(labels)[kept]).tolist() == [each] * 3


def test_they_depend_on_the_seed_alone_and_grow():
    kept = {n: set(known_labels(made([0, 1, 2] * 20, n), 5)) for n in (3, 30, 60)}
    assert kept[3] < kept[30] < kept[60] == set(range(60))
    assert kept[30] == set(known_labels(made([0, 1, 2] * 20, 30), 5))
    assert kept[30] != set(known_labels(made([0, 1, 2] * 20, 30), 6))


def test_all_of_them_by_default():
    assert known_labels(made([0, 1, 2, 2], 0), 0).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("labels", "count", "said"),
    [
        ([0, 1, 2] * 4, 7, "labels=7 cannot be balanced over 3 classes: labels=6 can"),
        ([0, 1, 2] * 4, 1, "labels=1 cannot be balanced over 3 classes: labels=3 can"),
        ([0, 1, 2, 0, 1, 2, 0], 9, "labels=9 asks for 3 examples of each class, and 'dog' has 2 to train on"),
        (None, 9, "labels=9: made has no labels"),
    ],
)
def test_what_cannot_be_is_refused(labels, count, said):
    with pytest.raises(UserError, match=said):
        known_labels(made(labels, count), 0)


def test_points_take_labels():
    assert load("25gaussians", DataConfig(labels=50)).options.labels == 50
