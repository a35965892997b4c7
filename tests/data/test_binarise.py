"""Black and white pixels: thresholded, drawn once, drawn anew."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from saddlepoint.config import DataConfig
from saddlepoint.data.binarise import drawn
from saddlepoint.data.load import load
from saddlepoint.distributed import World
from saddlepoint.engine.stream import Stream
from saddlepoint.errors import UserError

HOW = ("threshold", "fixed", "stochastic")


def binary(how: str):
    return load("digits", DataConfig(binarise=how))  # type: ignore[arg-type]


@pytest.mark.parametrize("how", HOW)
def test_every_number_is_black_or_white(how):
    data = binary(how)
    assert data.spec.levels == data.train.spec.levels == 2
    assert str(data.spec).startswith("binary images 8x8x1")
    for split in (data.train, data.validation, data.test):
        assert set(split.x(slice(None)).unique().tolist()) == {-1.0, 1.0}


def test_threshold_is_half_of_white():
    grey = load("digits").test
    assert torch.equal(binary("threshold").test.x(slice(None)) > 0, grey.x(slice(None)) > 0)


def test_a_pixel_is_white_as_often_as_it_is_bright():
    grey = np.repeat(np.arange(256, dtype=np.uint8), 400).reshape(1, 320, 320, 1)
    white = np.concatenate([drawn(grey, np.array([row])) for row in range(40)]).reshape(40, 256, 400)
    share = white.mean((0, 2))
    assert np.abs(share - np.arange(256) / 255).max() < 5 * 0.5 / np.sqrt(16_000)
    assert share[0] == 0
    assert share[255] == 1


def test_a_row_is_drawn_the_same_whatever_is_drawn_with_it():
    test = binary("fixed").test
    whole = test.x(slice(None))
    some = np.array([7, 3, 100])
    assert torch.equal(test.x(some), whole[some])
    assert torch.equal(binary("stochastic").test.x(slice(None)), whole), "held-out images are equal in both protocols"


def test_only_stochastic_training_draws_anew():
    for how, anew in (("fixed", False), ("stochastic", True)):
        stream = Stream(binary(how), 64, seed=0, device=torch.device("cpu"), world=World())
        first, second = ({int(i): x for i, x in epoch(stream)} for _ in range(2))
        shared = sorted(first.keys() & second.keys())
        equal = [torch.equal(first[i], second[i]) for i in shared]
        assert len(shared) > 1000
        assert not any(equal) if anew else all(equal)
        again = Stream(binary(how), 64, seed=0, device=torch.device("cpu"), world=World())
        assert torch.equal(next(again).x, stream_start(how)), "and the same for the same seed"


def epoch(stream: Stream):
    for _ in range(len(stream.train) // 64):
        batch = next(stream)
        assert set(batch.x.unique().tolist()) <= {-1.0, 1.0}
        yield from zip(batch.index, batch.x, strict=True)


def stream_start(how: str):
    return next(Stream(binary(how), 64, seed=0, device=torch.device("cpu"), world=World())).x


def test_the_ways_have_fingerprints_of_their_own():
    assert len({load("digits").fingerprint, *(binary(how).fingerprint for how in HOW)}) == 4


def test_points_and_stacks_are_refused():
    for source in ("ring", "stacked-digits"):
        with pytest.raises(UserError, match="binarise=fixed"):
            load(source, DataConfig(binarise="fixed"))
