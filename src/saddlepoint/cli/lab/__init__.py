"""`saddle lab`: small experiments in which the game itself can be watched."""

from cyclopts import App

from saddlepoint.cli.lab.formulas import dirac, gradients, orbit
from saddlepoint.cli.lab.trainings import game, ring

lab = App(name="lab", help="Watch the game itself: small experiments, drawn (.png) or filmed (.gif, .mp4).")
for command in (orbit, dirac, ring, gradients):
    lab.command(command)
lab.command(game, usage="Usage: saddle lab game [OPTIONS] NAME [KEY=VALUE...]")

__all__ = ["lab"]
