"""v(a, b) = ab, the smallest game: a minimises, b maximises, and the saddle point is (0, 0).

Near a saddle point every smooth zero-sum game looks like this one (Mescheder et al. 2017, arXiv 1705.10461, section
3), so what goes round here goes round in a GAN. A way to play is a linear map of its state, and its eigenvalues say
what becomes of it: beyond the unit circle it leaves, inside it arrives, on it it circles for ever.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

START = (1.0, 0.0)
CONSENSUS = 0.5
"""Weight of consensus optimisation's regulariser (gamma)."""


def field(z: Vector) -> Vector:
    """Where the players want to go from z = (a, b), (2,): down their own gradients, (-dv/da, dv/db) = (-b, a)."""
    return np.array([-z[1], z[0]])


def simultaneous(z: Vector, lr: float) -> Vector:
    """Both step at once."""
    return z + lr * field(z)


def alternating(z: Vector, lr: float) -> Vector:
    """b answers the a that has already moved."""
    a = z[0] - lr * z[1]
    return np.array([a, z[1] + lr * a])


def extragradient(z: Vector, lr: float) -> Vector:
    """Step by the field found after a trial step. Korpelevich 1976; Gidel et al. 2019 (arXiv 1802.10551), section 3."""
    return z + lr * field(z + lr * field(z))


def optimistic(state: Vector, lr: float) -> Vector:
    """Twice the field less the last one, which the state remembers. Daskalakis et al. 2018 (arXiv 1711.00141)."""
    z, last = state[:2], state[2:]
    now = field(z)
    return np.concatenate([z + lr * (2 * now - last), now])


def consensus(z: Vector, lr: float, gamma: float) -> Vector:
    """Both also descend gamma ||field||² / 2, here gamma (a² + b²) / 2. Mescheder et al. 2017, algorithm 1."""
    return z + lr * (field(z) - gamma * z)


def averaged(state: Vector, lr: float) -> Vector:
    """Alternating play, and the sum of all that was played, whose mean is the answer. Yazici et al. 2019 (arXiv
    1806.04498); Gidel et al. 2019, section 3."""
    z = alternating(state[:2], lr)
    return np.concatenate([z, state[2:] + z])


@dataclass(frozen=True, kw_only=True)
class Play:
    """step: the state one step on, at a rate; memory: what the state holds at the start besides (a, b), (2,) each;
    answer: the point (2,) that a state stands for after t steps."""

    step: Callable[[Vector, float], Vector]
    memory: Callable[[Vector], Vector] | None = None
    answer: Callable[[Vector, int], Vector] = lambda state, t: state[:2]

    def start(self, z: Vector) -> Vector:
        return np.concatenate([z, self.memory(z)]) if self.memory else z

    def matrix(self, lr: float) -> Vector:
        """The linear map of the state that `step` is, (S, S)."""
        size = len(self.start(np.zeros(2)))
        return np.stack([self.step(unit, lr) for unit in np.eye(size)], axis=1)


PLAYS: Mapping[str, Play] = {
    "simultaneous": Play(step=simultaneous),
    "alternating": Play(step=alternating),
    "extragradient": Play(step=extragradient),
    "optimistic": Play(step=optimistic, memory=field),
    "consensus": Play(step=partial(consensus, gamma=CONSENSUS)),
    "averaged": Play(step=averaged, memory=np.copy, answer=lambda state, t: state[2:] / (t + 1)),
}


@dataclass(frozen=True, kw_only=True)
class Orbit:
    """points: (steps + 1, 2) from the start on; eigenvalues: (S,) of the map, the largest first."""

    points: Vector
    eigenvalues: Complex

    @property
    def radius(self) -> Vector:
        """Distance from the saddle point, (steps + 1,)."""
        return np.linalg.norm(self.points, axis=1)

    @property
    def growth(self) -> float:
        """What the largest eigenvalue makes of the distance, in one step."""
        return float(abs(self.eigenvalues[0]))


def orbit(name: str, *, lr: float = 0.1, steps: int = 200, start: tuple[float, float] = START) -> Orbit:
    """One way to play, from a start, for so many steps."""
    play = PLAYS[name]
    state = play.start(np.array(start))
    points = [play.answer(state, 0)]
    for t in range(1, steps + 1):
        state = play.step(state, lr)
        points.append(play.answer(state, t))
    eigenvalues = np.linalg.eigvals(play.matrix(lr)).astype(np.complex128)
    return Orbit(points=np.stack(points), eigenvalues=eigenvalues[np.argsort(-abs(eigenvalues))])


def verdict(name: str, found: Orbit) -> str:
    """What happened, in words, and the eigenvalue that says why."""
    begin, end = found.radius[0], found.radius[-1]
    size = f"|λ| = {found.growth:.5f}"
    if name == "averaged":
        return f"arrives, as 1/t: the mean of a circling play ({size}), distance {begin:.2g} to {end:.2g}"
    if math.isclose(found.growth, 1, abs_tol=1e-9):
        return f"circles for ever ({size}), distance between {found.radius.min():.2g} and {found.radius.max():.2g}"
    return f"{'leaves' if found.growth > 1 else 'arrives'} ({size} a step), distance {begin:.2g} to {end:.2g}"
