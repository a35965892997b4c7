"""More images to choose by."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
from saddlepoint.errors import UserError


def wanted(count: int, **options: object):
    return load("digits", DataConfig(validation=count, **options))  # type: ignore[arg-type]


def test_so_many_are_held_out_and_nothing_is_lost():
    usual, more = load("digits"), wanted(300)
    assert len(more.validation) == 300
    assert set(usual.validation.index) < set(more.validation.index)
    assert set(more.validation.index) | set(more.train.index) == set(usual.validation.index) | set(usual.train.index)
    assert not set(more.validation.index) & set(more.train.index)
    assert (more.test.index == usual.test.index).all()
    assert more.fingerprint != usual.fingerprint
    assert more.fingerprint != wanted(301).fingerprint
    assert set(wanted(300).validation.index) < set(wanted(301).validation.index)


def test_none_and_the_usual_number_change_nothing():
    usual = load("digits")
    assert wanted(len(usual.validation)).fingerprint == usual.fingerprint == wanted(0).fingerprint


@pytest.mark.parametrize(("count", "message"), [(1, "has 80 for that already"), (1700, "to train on")])
def test_too_few_and_too_many(count, message):
    with pytest.raises(UserError, match=f"validation={count}: digits .*{message}"):
        wanted(count)


def test_an_image_that_occurs_twice_stays_for_training():
    from saddlepoint.data.hold_out import hold_out

    data = load("digits")
    rows = np.concatenate([data.train.raw(slice(None)).numpy()[:40], data.train.raw(slice(None)).numpy()[:30]])
    twice = replace(data, train=replace(data.train, rows=rows, index=np.arange(70)))
    held = hold_out(twice, len(data.validation) + 9).train
    assert len(held) == 61
    assert set(range(30)) | set(range(40, 70)) < set(held.index.tolist())
    with pytest.raises(UserError, match="to train on"):
        hold_out(twice, len(data.validation) + 10)


def test_black_and_white_ones_too():
    data = wanted(300, binarise="stochastic")
    assert len(data.validation) == 300
    assert data.train.grey is not None
