"""The command line, run in this process, in an empty folder, with a cache of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from cli_support import Result, Saddle
from saddlepoint.cli.main import main


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared by the session: data are decoded and a classifier is trained once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def saddle(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Saddle:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SADDLE_CACHE", str(cache))

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        status = main([str(argument) for argument in arguments])
        return Result(status, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """A folder with two short runs on digits: `gan`, and `cgan`, which takes labels."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SADDLE_CACHE", str(cache))
        for name, widths in {"gan": ("[16,16]", "[8,8]"), "cgan": ("[16,32,32]", "[16,8,16]")}.items():
            options = ["log_every=10", "track=none", "precision=fp32", f"g_widths={widths[0]}", f"d_widths={widths[1]}"]
            assert main(["train", name, "--steps", "40", "--out", str(folder / name), *options]) == 0
    return folder
