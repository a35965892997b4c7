"""Noise bent into a ring."""

from __future__ import annotations

import dataclasses

import numpy as np

from saddlepoint.lab.ring import exact, learn, noise, ring


def test_the_formula_keeps_the_direction_and_squeezes_the_distance():
    np.testing.assert_allclose(
        ring(np.array([[3, 4], [0, -2]], np.float32)), [[1.5 * 0.6, 1.5 * 0.8], [0, -1.2]], rtol=1e-6
    )


def test_the_ring_is_that_of_a_normal_plane():
    """The distance of normal noise is Rayleigh: mean sqrt(pi / 2), variance 2 - pi / 2."""
    found = exact(100_000)
    assert abs(found.radius.mean() - (1 + np.sqrt(np.pi / 2) / 10)) < 1e-3
    assert abs(found.radius.std() - np.sqrt(2 - np.pi / 2) / 10) < 1e-3
    assert (found.covered, found.turns) == (1.0, 1)


def test_what_a_map_does_is_seen():
    found = exact()
    mirrored = dataclasses.replace(found, points=found.points * [1, -1], circle=found.circle * [1, -1])
    assert (mirrored.covered, mirrored.turns) == (1.0, -1)
    folded = dataclasses.replace(found, points=abs(found.points), circle=abs(found.circle))
    assert (folded.covered, folded.turns) == (0.25, 0)


def test_a_generator_learns_a_ring():
    first, last = learn(steps=500, frames=2, shown=500)
    assert last.points.shape == noise(500).shape
    assert first.covered < 0.6
    assert last.covered > 0.9
    assert abs(last.radius.mean() - 1.125) < 0.1
    assert last.radius.std() < 0.2
