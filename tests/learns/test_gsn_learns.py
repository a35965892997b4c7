"""A generative stochastic network learns which halves of a square go white together; broken ones do not.

Each pixel is white half of the time, so that pixels drawn by themselves are no solution. Distance: see test_gans_learn.
Learned 0.40 to 0.42 with four seeds, mutants 1.8 and more.
"""

from __future__ import annotations

import pytest
import torch
from test_gans_learn import Examples, Task, play

from saddlepoint.types import DataSpec


def halves() -> Examples:
    """4x4 pixels of which the upper, lower, left or right half is white."""
    y = torch.arange(400) % 4
    upper = torch.ones(4, 4)
    upper[2:] = -1
    kinds = torch.stack([upper, -upper, upper.T, -upper.T])
    return kinds[y, None], y, DataSpec(shape=(1, 4, 4), levels=2)


TASK = Task("gsn", halves, 200, 32, 0.7, {"widths": [32, 16], "walkback": 3, "sample_steps": 20})


@pytest.mark.parametrize("seed", [0, 1])
def test_it_learns(seed):
    assert play(TASK, seed) < TASK.reach


@pytest.mark.parametrize("what", ["sign", "frozen"])
def test_broken_is_seen(what):
    assert not play(TASK, broken=f"network {what}") < TASK.reach
