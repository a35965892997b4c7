"""The smallest game, against its closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from saddlepoint.lab.orbit import CONSENSUS, PLAYS, field, orbit, verdict

RATES = [0.02, 0.1, 0.5]


@pytest.mark.parametrize("lr", RATES)
def test_simultaneous_play_leaves_as_the_closed_form_says(lr):
    found = orbit("simultaneous", lr=lr, steps=300, start=(0.6, -0.8))
    np.testing.assert_allclose(found.radius, (1 + lr**2) ** (np.arange(301) / 2), rtol=1e-10)


@pytest.mark.parametrize("lr", [*RATES, 1.9])
def test_alternating_play_stays_on_an_ellipse(lr):
    """a² + b² - lr ab never changes (with b a half step ahead, as a leapfrog), so the distance is bounded."""
    a, b = orbit("alternating", lr=lr, steps=5000, start=(0.6, -0.8)).points.T
    kept = a**2 + b**2 - lr * a * b
    np.testing.assert_allclose(kept, kept[0], rtol=1e-8)
    # On that ellipse the squares' sum is at most kept / (1 - lr / 2).
    assert (a**2 + b**2).max() <= kept[0] / (1 - lr / 2) * (1 + 1e-8)


@pytest.mark.parametrize("lr", RATES)
def test_eigenvalues_are_the_papers(lr):
    """Worked out by hand for a step of each kind, z' = (1 + i lr) z and its like in the complex plane a + ib."""
    root = np.sqrt(1 + 0j - (2 * lr) ** 2)  # optimistic: λ² - λ (1 + 2 i lr) + i lr = 0
    by_hand = {
        "simultaneous": abs(1 + 1j * lr),
        "alternating": 1,
        "extragradient": abs(1 + 1j * lr * (1 + 1j * lr)),
        "optimistic": max(abs(1 + 2j * lr + root), abs(1 + 2j * lr - root)) / 2,
        "consensus": abs(1 - CONSENSUS * lr + 1j * lr),
        "averaged": 1,
    }
    assert by_hand.keys() == PLAYS.keys()
    for name, size in by_hand.items():
        assert orbit(name, lr=lr, steps=1).growth == pytest.approx(size, abs=1e-7), name  # a double root at lr = 0.5


@pytest.mark.parametrize("lr", [0.02, 0.1, 0.3])
@pytest.mark.parametrize("name", [name for name in PLAYS if name != "averaged"])
def test_eigenvalues_predict_the_measured_growth(name, lr):
    found = orbit(name, lr=lr, steps=2000)
    measured = (found.radius[1900:].max() / found.radius[900:1000].max()) ** (1 / 1000)
    assert measured == pytest.approx(found.growth, abs=2e-4)


@pytest.mark.parametrize("lr", RATES)
def test_the_mean_of_circling_play_arrives_as_one_over_t(lr):
    """The sum of the orbit is (M^t+1 - 1) (M - 1)^-1 z, bounded because 1 is no eigenvalue of alternating play."""
    steps, z = 400, np.array([0.6, -0.8])
    mean = orbit("averaged", lr=lr, steps=steps, start=(0.6, -0.8)).points[-1]
    circling = PLAYS["alternating"].matrix(lr)
    whole = np.linalg.matrix_power(circling, steps + 1) - np.eye(2)
    np.testing.assert_allclose(mean, whole @ np.linalg.solve(circling - np.eye(2), z) / (steps + 1), atol=1e-12)


def test_a_step_is_the_linear_map_that_its_matrix_is():
    state = np.array([0.3, -1.2, 0.7, 2.0])
    for play in PLAYS.values():
        own = state[: len(play.start(np.zeros(2)))]
        np.testing.assert_allclose(play.matrix(0.1) @ own, play.step(own, 0.1), atol=1e-12)


def test_the_field_is_each_players_own_descent():
    def value(a, b):
        return a * b

    a, b, h = 0.3, -1.2, 1e-6
    down_a = -(value(a + h, b) - value(a - h, b)) / (2 * h)
    up_b = (value(a, b + h) - value(a, b - h)) / (2 * h)
    np.testing.assert_allclose(field(np.array([a, b])), [down_a, up_b], atol=1e-9)


def test_the_verdict_says_which_arrive():
    said = {name: verdict(name, orbit(name)).split()[0] for name in PLAYS}
    assert said == {
        "simultaneous": "leaves",
        "alternating": "circles",
        **dict.fromkeys(("extragradient", "optimistic", "consensus"), "arrives"),
        "averaged": "arrives,",
    }
