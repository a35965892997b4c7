"""`saddle lab`: small experiments in which the game itself can be watched."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import App, Parameter
from cyclopts.types import NonNegativeInt
from cyclopts.validators import Number

from saddlepoint.cli.common import Count, Recipe, make_folder

if TYPE_CHECKING:
    from saddlepoint.engine.events import Reporter
    from saddlepoint.lab.game import Moment
    from saddlepoint.lab.ring import Map

L = TypeVar("L", "Moment", "Map")

Rate = Annotated[float, Parameter(validator=Number(gt=0))]
Options = Annotated[str, Parameter(name="key=value", help="Options of the recipe and of training: lr=1e-3 batch=64.")]
Frames = Annotated[int, Parameter(validator=Number(gt=0, lte=1000))]

lab = App(name="lab", help="Watch the game itself: small experiments, drawn (.png) or filmed (.gif, .mp4).")


@lab.command
def orbit(*, lr: Rate = 0.1, steps: Count = 200, frames: Frames = 50, out: Path = Path("orbit.png")) -> None:
    """Play v(a, b) = ab in six ways: which arrive at the saddle point, and the eigenvalues that say why.

    Example: saddle lab orbit --lr 0.2 --out orbit.gif

    Args:
        lr: Step size of both players.
        steps: How long to play.
        frames: Pictures in a film.
        out: Where to draw it: .png the whole course, .gif or .mp4 a film of it.
    """
    _check(out)
    from saddlepoint.lab import film
    from saddlepoint.lab.orbit import PLAYS, verdict
    from saddlepoint.lab.orbit import orbit as play
    from saddlepoint.lab.orbit_figure import draw

    orbits = {name: play(name, lr=lr, steps=steps) for name in PLAYS}
    for name, found in orbits.items():
        print(f"{name:<13} {verdict(name, found)}")
    print(film.write(lambda i: draw(orbits, _step(i, frames, steps)), frames, out))


@lab.command
def dirac(
    *, weight: Rate = 1.0, lr: Rate = 0.1, steps: Count = 200, frames: Frames = 20, out: Path = Path("dirac.png")
) -> None:
    """Play the smallest GAN under every loss and penalty that it can carry, and tell where it settles.

    Example: saddle lab dirac --weight 0.3 --out dirac.png

    Args:
        weight: Weight of the penalty.
        lr: Step size of both players.
        steps: How long to play.
        frames: Pictures in a film.
        out: Where to draw it: .png the whole course, .gif or .mp4 a film of it.
    """
    _check(out)
    from saddlepoint.lab import film
    from saddlepoint.lab.dirac import PENALTIES, REFUSED, eigenvalues, play, word
    from saddlepoint.lab.dirac_figure import OBJECTIVES as ROWS
    from saddlepoint.lab.dirac_figure import PENALTIES as COLUMNS
    from saddlepoint.lab.dirac_figure import draw
    from saddlepoint.objectives.games import GAMES

    for penalty in PENALTIES:
        for objective in GAMES:
            print(f"{penalty:<13} {objective:<25} {word(eigenvalues(objective, penalty, weight))}")
    for why in REFUSED.values():
        print(why)
    courses = {
        (game, penalty): (play(game, penalty, weight, lr=lr, steps=steps), eigenvalues(game, penalty, weight))
        for game, *_ in ROWS
        for penalty, *_ in COLUMNS
    }
    print(film.write(lambda i: draw(courses, weight, _step(i, frames, steps)), frames, out))


@lab.command
def ring(*, steps: Count = 1500, seed: NonNegativeInt = 0, frames: Frames = 40, out: Path = Path("ring.png")) -> None:
    """Bend normal noise into a ring, by G(z) = z/10 + z/|z| and by a generator that learns one.

    Example: saddle lab ring --out ring.gif

    Args:
        steps: How long to train.
        seed: Of the networks and the noise.
        frames: Pictures in a film.
        out: Where to draw it: .png the end, .gif or .mp4 a film of the training.
    """
    _check(out)
    from saddlepoint.cli.display import watch
    from saddlepoint.lab import film
    from saddlepoint.lab.ring import describe, exact, learn, noise
    from saddlepoint.lab.ring_figure import draw

    formula = exact()
    with watch() as reporter:
        looks = _seen(learn(steps=steps, frames=_frames(out, frames), seed=seed), steps, reporter)
    for name, found in (("formula", formula), ("generator", looks[-1])):
        print(f"{name:<10} {describe(found)}")
    print(film.write(lambda i: draw(noise(len(formula.points)), formula, looks[i]), len(looks), out))


@lab.command(usage="Usage: saddle lab game [OPTIONS] NAME [KEY=VALUE...]")
def game(
    name: Recipe,
    /,
    *options: Options,
    data: str = "8gaussians",
    steps: Count = 2000,
    seed: NonNegativeInt = 0,
    frames: Frames = 40,
    out: Path = Path("game.png"),
) -> None:
    """Watch a GAN on points train: data and samples, the discriminator's surface, the pull on each sample.

    Example: saddle lab game wgan_gp widths=128,128 --data 8gaussians --out game.gif

    Args:
        name: A recipe of one generator against a discriminator that takes points; `saddle ls` lists recipes.
        data: Points of one or two dimensions, such as 1d-mixture, 8gaussians, 25gaussians, swiss-roll.
        steps: How long to train.
        seed: Of the networks and the noise.
        frames: Pictures in a film.
        out: Where to draw it: .png the end, .gif or .mp4 a film of the training.
    """
    _check(out)
    from saddlepoint.cli.display import watch
    from saddlepoint.config import DataConfig, parse_overrides
    from saddlepoint.data.load import load
    from saddlepoint.lab import film
    from saddlepoint.lab.game import describe, play, scene
    from saddlepoint.lab.game_figure import draw

    chosen = parse_overrides(options)
    loaded = load(data, DataConfig())
    seen = scene(loaded)
    with watch() as reporter:
        played = play(name, loaded, steps=steps, frames=_frames(out, frames), seed=seed, options=chosen)
        moments = _seen(played, steps, reporter)
    for when in (0, -1) if len(moments) > 1 else (-1,):
        print(describe(seen, moments[when]))
    print(film.write(lambda i: draw(seen, moments[i]), len(moments), out))


@lab.command
def gradients(*, out: Path = Path("gradients.png")) -> None:
    """Compare the generator's saturating and non-saturating gradient over D(G(z)).

    Example: saddle lab gradients --out gradients.png

    Args:
        out: Where to draw it.
    """
    _check(out)
    from saddlepoint.lab import film
    from saddlepoint.lab.gradients_figure import draw
    from saddlepoint.objectives.adversarial import generator_gradients

    curves = generator_gradients(99)
    early = int((curves["d_fake"] - 0.01).abs().argmin())
    for name in ("minimax", "nonsaturating"):
        size = abs(curves[name][early].item())
        print(f"{name:<13} where D is sure of a fake, D(G(z)) = 0.01, the gradient on its logit has size {size:.2f}")
    print(film.write(lambda _: draw(), 1, out))


def _seen(looks: Iterable[L], steps: int, reporter: Reporter) -> list[L]:
    """All looks at a training, which is told as it goes on."""
    found: list[L] = []
    for look in looks:
        found.append(look)
        reporter.working(look.step, steps, "steps played")
    return found


def _step(frame: int, frames: int, steps: int) -> int:
    """The step that a frame shows: the first shows the start, the last the end."""
    return steps * (frame + 1) // frames if frames == 1 else steps * frame // (frames - 1)


def _frames(out: Path, frames: int) -> int:
    """A picture needs the end alone."""
    return 1 if out.suffix.lower() == ".png" else frames


def _check(out: Path) -> None:
    """Refuse before the work what cannot be drawn after it."""
    from saddlepoint.lab import film

    film.check(out)
    make_folder("--out", out.parent)
