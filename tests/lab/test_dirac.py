"""The Dirac-GAN, against Mescheder, Geiger and Nowozin 2018."""

from __future__ import annotations

import cmath
import itertools

import numpy as np
import pytest
import torch

from saddlepoint.lab import dirac_figure
from saddlepoint.lab.dirac import NEUTRAL, PENALTIES, eigenvalues, field, jacobian, play, word
from saddlepoint.objectives.f_divergences import F_DIVERGENCES
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
    "boundary_seeking": 0,  # of the generator, who is content on the boundary
    # g_f'(v) at g_f(v) = f'(1), for the slope of f* there is 1.
    "kl": 1,
    "reverse_kl": 1,
    "pearson": 1,
    "squared_hellinger": 1,
    "jensen_shannon": 1 / 2,
}
PULL |= {f"{name}_minimax": PULL[name] for name in F_DIVERGENCES if name != "gan"}


def assert_same(found, wanted):
    assert found is not None
    np.testing.assert_allclose(sorted(found, key=_order), sorted(wanted, key=_order), atol=1e-7)


def _order(value):
    return round(value.real, 6), round(value.imag, 6)


@pytest.mark.parametrize("objective", GAMES)
def test_a_discriminator_that_cannot_tell_can_do_no_better_than_the_neutral_score(objective):
    constants = NEUTRAL.get(objective, 0.0) + torch.tensor([-0.3, 0.0, 0.3], dtype=torch.float64).requires_grad_()
    below, at, above = (GAMES[objective].discriminator(each, each) for each in constants.split(1))
    (slopes,) = torch.autograd.grad(at, constants)
    assert slopes[1] == pytest.approx(0, abs=1e-12)
    assert min(below, above) - at > (-1e-12 if GAMES[objective].differences or objective == "hinge" else 1e-3)


@pytest.mark.parametrize("name", [name for name in F_DIVERGENCES if name != "gan"])
def test_the_neutral_score_is_where_an_f_divergence_has_its_threshold(name):
    score = torch.tensor(NEUTRAL.get(name, 0.0), dtype=torch.float64, requires_grad=True)
    divergence, one = F_DIVERGENCES[name], torch.ones((), dtype=torch.float64)
    torch.testing.assert_close(divergence.activation(score), divergence.tight(one))
    for pull in (divergence.activation(score), divergence.composed(score)):
        assert torch.autograd.grad(pull, score)[0] == pytest.approx(PULL[name])


@pytest.mark.parametrize("objective", GAMES)
def test_unpenalised_games_circle(objective):
    """Lemma 2.3: eigenvalues ± f'(0) i."""
    assert_same(eigenvalues(objective), [1j * PULL[objective], -1j * PULL[objective]])
    says = "undecided (0.00, 0.00)" if objective == "boundary_seeking" else f"circles (0.00 ± {PULL[objective]:.2f}i)"
    assert word(eigenvalues(objective)) == says


@pytest.mark.parametrize("weight", [0.3, 1.7, 3.0])
@pytest.mark.parametrize("penalty", ["r1", "r2"])
@pytest.mark.parametrize("objective", GAMES)
def test_r1_and_r2_arrive(objective, penalty, weight):
    """Section 4.1: -gamma / 2 ± sqrt(gamma² / 4 - f'(0)²)."""
    root = cmath.sqrt(weight**2 / 4 - PULL[objective] ** 2)
    assert_same(eigenvalues(objective, penalty, weight), [-weight / 2 + root, -weight / 2 - root])


def test_seeking_the_boundary_stops_at_the_data_but_not_at_the_solution():
    """d psi = -theta / 2 and d theta = -psi² theta near it, so theta - 2 psi³ / 3 stays: theta = 0 ends the play."""
    theta, psi = 0.01, 0.1
    end = play("boundary_seeking", lr=0.2, steps=2_000, start=(theta, psi))[-1]
    assert abs(end[0]) < 1e-9
    assert end[1] == pytest.approx(np.cbrt(psi**3 - 1.5 * theta), rel=0.02)


def test_seeking_the_boundary_with_r1_arrives_as_one_over_the_root_of_time():
    """Eigenvalues 0 and -gamma decide nothing; psi follows -theta / 2 gamma, and d theta = -theta³ / 4 gamma²."""
    weight, lr, steps = 0.5, 0.1, 3_000
    path = play("boundary_seeking", "r1", weight, lr=lr, steps=steps, start=(0.3, -0.3))
    first, last = path[steps // 2, 0], path[-1, 0]
    assert last**-2 - first**-2 == pytest.approx(lr * (steps - steps // 2) / (2 * weight**2), rel=0.02)
    assert path[-1, 1] == pytest.approx(-last / (2 * weight), rel=0.02)


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


def test_what_is_drawn_in_one_panel_is_one_game_and_no_game_is_drawn_twice():
    rows, columns = dirac_figure.OBJECTIVES, dirac_figure.PENALTIES
    assert sorted(itertools.chain(*rows)) == sorted(GAMES)
    assert sorted(itertools.chain(*columns)) == sorted(PENALTIES)
    seen: list[torch.Tensor] = []
    # Fakes score -0.48 and -1.21 (beyond hinge's kink) above the neutral score.
    states = [torch.tensor(at, dtype=torch.float64, requires_grad=True) for at in ([0.8, -0.6], [-1.1, 1.1])]
    for row, column in itertools.product(rows, columns):
        panel = [torch.cat([field(at, *names) for at in states]) for names in itertools.product(row, column)]
        for other in panel[1:]:
            torch.testing.assert_close(other, panel[0])
        assert all((panel[0] - other).abs().max() > 1e-3 for other in seen), (row, column)
        seen.append(panel[0])
