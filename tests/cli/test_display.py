"""What a watcher of a training reads."""

from __future__ import annotations

import io
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from saddlepoint.cli.display import Lines, Live, duration, losses, standing, watch
from saddlepoint.engine.events import Progress


def progress(**changes: Any) -> Progress:
    about: dict[str, Any] = {
        "step": 200,
        "images": 12_800,
        "images_per_second": 639.6,
        "seconds_left": 80.4,
        "fraction": 0.25,
        "losses": {"discriminator/loss": 1.2034, "discriminator/d_real": 0.7, "generator/loss": 0.8741},
    }
    return Progress(**{**about, **changes})


def test_standing_names_images_rate_and_time_left() -> None:
    assert standing(progress()).strip() == "12,800 images  640 images/s  1:20 left"
    assert "left" not in standing(progress(seconds_left=None))


def test_losses_are_each_players_loss_and_nothing_else() -> None:
    assert losses(progress().losses) == "discriminator 1.203  generator 0.874"


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (3599, "59:59"), (7385, "2:03:05")])
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_lines_come_every_ten_seconds_and_once_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    now = 0.0
    with Lines(every=10, clock=lambda: now) as lines:
        lines.started(Path("runs/gan"), "gan", "2 minutes")
        for step in range(24):
            now = float(step)
            lines.progress(progress(images=step))
        lines.note("Something to know.")
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "Training gan for 2 minutes in runs/gan"
    assert [int(line.split()[0]) for line in said if "images/s" in line] == [0, 10, 20, 23]
    assert "Something to know." in said


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "90")
    with watch() as display:
        assert isinstance(display, Live)
        display.started(Path("runs/gan"), "gan", "2 minutes")
        display.progress(progress())
        display.note("[not markup]")
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", screen.getvalue())
    for part in ("Training gan", "12,800 images", "640 images/s", "1:20 left", "generator 0.874", "[not markup]", "━"):
        assert part in shown


def test_elsewhere_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert isinstance(watch(), Lines)


def test_long_work_before_training_is_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    lines = Lines(every=10, clock=lambda: now)
    for now in (1.0, 11.0, 12.0, 22.0):
        lines.working(int(100 * now), 4000, "decoding photos/")
    said = capsys.readouterr().err.splitlines()
    assert said == ["decoding photos/: 1,100 of 4,000", "decoding photos/: 2,200 of 4,000"]
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with Live() as display:
        display.working(1200, 0, "reading photos/")
    assert "reading photos/: 1,200" in screen.getvalue()
