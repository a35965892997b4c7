"""The Dirac-GAN, against Mescheder, Geiger and Nowozin 2018."""

from __future__ import annotations

import cmath

import numpy as np
import pytest
import torch

from saddlepoint.lab.dirac import PENALTIES, eigenvalues, field, jacobian, play, word
from saddlepoint.lab.dirac_figure import DRAWN
from saddlepoint.objectives.games import GAMES

# f'(0) of each loss, worked out by hand: how hard one player at first order pulls at the other.
PULL = {
    "minimax": 1 / 2,
    "nonsaturating": 1 / 2,
    "wasserstein": 1,
    "hinge": 1,
    "least_squares": 1 / 2,
    "relativistic_pairing": 1 / 2,
    "relativistic_average": 1,
}


def assert_same(found, wanted):
    assert found is not None
    np.testing.assert_allclose(sorted(found, key=_order), sorted(wanted, key=_order), atol=1e-7)


def _order(value):
    return round(value.real, 6), round(value.imag, 6)


@pytest.mark.parametrize("objective", GAMES)
def test_unpenalised_games_circle(objective):
    """Lemma 2.3: eigenvalues ± f'(0) i."""
    assert_same(eigenvalues(objective), [1j * PULL[objective], -1j * PULL[objective]])


@pytest.mark.parametrize("weight", [0.3, 1.7, 3.0])
@pytest.mark.parametrize("penalty", ["r1", "r2"])
@pytest.mark.parametrize("objective", GAMES)
def test_r1_and_r2_arrive(objective, penalty, weight):
    """Section 4.1: -gamma / 2 ± sqrt(gamma² / 4 - f'(0)²)."""
    root = cmath.sqrt(weight**2 / 4 - PULL[objective] ** 2)
    assert_same(eigenvalues(objective, penalty, weight), [-weight / 2 + root, -weight / 2 - root])


@pytest.mark.parametrize("objective", GAMES)
def test_the_other_penalties(objective):
    pull, weight = PULL[objective], 0.7
    root = cmath.sqrt(weight**2 - pull**2)  # zero-centred is R1 without its half
    assert_same(eigenvalues(objective, "zero_centred", weight), [-weight + root, -weight - root])
    assert_same(eigenvalues(objective, "wgan_div", weight), [1j * pull, -1j * pull])  # psi^6 is flat at 0
    root = cmath.sqrt(4 * weight**2 - pull**2)  # (psi² - 1)² is a hill at 0, of curvature -4
    assert_same(eigenvalues(objective, "orthogonal", weight), [2 * weight + root, 2 * weight - root])
    assert word(eigenvalues(objective, "orthogonal", weight)).startswith("leaves")


@pytest.mark.parametrize("objective", GAMES)
@pytest.mark.parametrize("penalty", ["wgan_gp", "dragan"])
def test_one_centred_penalties_have_a_kink_and_do_not_arrive(objective, penalty):
    assert jacobian(objective, penalty) is None
    assert "no Jacobian" in word(eigenvalues(objective, penalty))
    path = play(objective, penalty, steps=400)
    assert np.linalg.norm(path[200:], axis=1).max() > 0.2


@pytest.mark.parametrize("penalty", ["none", "r1", "zero_centred"])
@pytest.mark.parametrize("objective", GAMES)
def test_the_jacobian_predicts_the_play_near_the_solution(objective, penalty):
    """A step is the map 1 + lr J, as its eigenvalues 1 + lr λ are."""
    lr, weight, start = 0.05, 1.3, (1e-5, -2e-5)
    at = jacobian(objective, penalty, weight)
    np.testing.assert_allclose(
        sorted(np.linalg.eigvals(at), key=_order), sorted(eigenvalues(objective, penalty, weight), key=_order)
    )
    predicted = np.linalg.matrix_power(np.eye(2) + lr * at, 100) @ start
    played = play(objective, penalty, weight, lr=lr, steps=100, start=start)[-1]
    np.testing.assert_allclose(played, predicted, atol=1e-3 * np.linalg.norm(predicted))


@pytest.mark.parametrize("objective", GAMES)
def test_the_solution_is_where_nobody_wants_to_move(objective):
    for penalty in PENALTIES:
        at = torch.zeros(2, dtype=torch.float64, requires_grad=True)
        assert field(at, objective, penalty).abs().max() < 1e-12


def test_penalties_drawn_in_one_row_are_one_function():
    state = torch.tensor([0.8, -0.6], dtype=torch.float64, requires_grad=True)
    titled = {name for row in DRAWN.values() for name in row.replace("no penalty", "none").split(", ")}
    assert titled == set(PENALTIES)
    for first, row in DRAWN.items():
        for name in row.replace("no penalty", "none").split(", "):
            for objective in GAMES:
                torch.testing.assert_close(field(state, objective, name), field(state, objective, first))
