"""`saddle lab`: what it draws, what it says, what it refuses."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest
from PIL import Image

from cli_support import Saddle

SIZES = ("g_widths=[8]", "d_widths=[8]")


def test_orbit_is_drawn_and_filmed(saddle: Saddle) -> None:
    result = saddle("lab", "orbit", "--steps", 20, "--out", "new/orbit.png")
    assert result.status == 0
    assert "simultaneous  leaves (|λ| = 1.00499 a step)" in result.out
    with Image.open("new/orbit.png") as picture:
        assert picture.width > 600
    assert saddle("lab", "orbit", "--steps", 20, "--frames", 3, "--out", "orbit.gif").status == 0
    with Image.open("orbit.gif") as film:
        assert film.n_frames == 3  # pyright: ignore[reportAttributeAccessIssue]


def test_dirac_is_drawn(saddle: Saddle) -> None:
    result = saddle("lab", "dirac", "--steps", 3)
    assert result.status == 0
    assert "r1            wasserstein               arrives (-0.50 ± 0.87i)" in result.out
    assert "Auto-encoder critics" in result.out
    assert Path("dirac.png").exists()


def test_gradients_are_drawn(saddle: Saddle) -> None:
    result = saddle("lab", "gradients")
    assert result.status == 0
    assert "size 0.99" in result.out
    assert Path("gradients.png").read_bytes().startswith(b"\x89PNG")


def test_what_cannot_be_drawn_is_refused_before_the_work(saddle: Saddle, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = saddle("lab", "orbit", "--out", "orbit.jpg")
    assert (refused.status, refused.out) == (2, "")
    assert "orbit.jpg must be a file that ends in .png, .gif, .mp4" in refused.err
    monkeypatch.setenv("PATH", "")
    assert "MP4 needs the program ffmpeg" in saddle("lab", "orbit", "--out", "orbit.mp4").err
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert "pip install 'saddlepoint[plot]'" in saddle("lab", "orbit").err
    assert list(Path().iterdir()) == []


def test_mp4_goes_through_ffmpeg_as_even_sided_frames(saddle: Saddle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for ffmpeg writes down what it was asked and how many bytes it was given."""
    program = Path("bin") / "ffmpeg"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nfor last; do :; done\n{ echo "$@"; wc -c; } > "$last"\n')
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{program.parent.resolve()}:/usr/bin:/bin")
    assert saddle("lab", "orbit", "--steps", 5, "--frames", 2, "--out", "orbit.mp4").status == 0
    command, size = Path("orbit.mp4").read_text().splitlines()
    words = command.split()
    width, height = map(int, words[words.index("-s") + 1].split("x"))
    assert width % 2 == height % 2 == 0
    assert int(size) == 2 * 3 * width * height
    program.write_text("#!/bin/sh\ncat > /dev/null\necho no such codec >&2\nexit 1\n")
    failed = saddle("lab", "orbit", "--steps", 5, "--frames", 2, "--out", "other.mp4")
    assert failed.status == 2
    assert "ffmpeg could not write other.mp4: no such codec" in failed.err
    assert not Path("other.mp4").exists()


def test_ring_says_what_was_learnt(saddle: Saddle) -> None:
    result = saddle("lab", "ring", "--steps", 2)
    assert "formula    radius 1.128 ± 0.066, 100% of the directions, gone round +1 times" in result.out
    assert Path("ring.png").exists()


@pytest.mark.parametrize("data", ["1d-mixture", "8gaussians"])
def test_game_is_drawn(saddle: Saddle, data: str) -> None:
    result = saddle("lab", "game", "gan", *SIZES, "--data", data, "--steps", 2, "--frames", 2, "--out", "game.gif")
    assert result.status == 0, result.err
    assert "step 0: " in result.out
    assert "step 2: the mean pull on a sample" in result.out
    with Image.open("game.gif") as film:
        assert film.n_frames == 2  # pyright: ignore[reportAttributeAccessIssue]


def test_game_takes_no_images(saddle: Saddle) -> None:
    refused = saddle("lab", "game", "gan", "--data", "digits")
    assert refused.status == 2
    assert "Only points of one or two dimensions can be drawn" in refused.err
