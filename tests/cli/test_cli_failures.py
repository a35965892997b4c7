"""What is not the user's mistake: bugs, non-finite losses, signals, readers that leave. In processes of their own where
the exit status is the point."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from cyclopts.completion import ShellDetectionError

import saddlepoint
from cli_support import Saddle
from saddlepoint.cli.common import print_json
from saddlepoint.cli.main import main

SADDLE = [sys.executable, "-m", "saddlepoint"]


def test_a_bug_is_named_with_its_traceback(saddle: Saddle, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(pattern: str) -> list[str]:
        raise ZeroDivisionError("by\nnought")

    monkeypatch.setattr("saddlepoint.catalogue.names", broken)
    result = saddle("ls")
    assert result.status == 1
    assert "Traceback" in result.err
    assert "bug" in result.err.splitlines()[-1]
    assert "ZeroDivisionError" in result.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (PermissionError(errno.EACCES, "", "/locked/run"), "/locked/run: permission denied."),
        (OSError(errno.ENOSPC, ""), "the disk: no space left on device."),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"), "micro_batch"),
    ],
)
def test_what_the_machine_refuses_is_said_without_a_traceback(
    saddle: Saddle, monkeypatch: pytest.MonkeyPatch, error: Exception, said: str
) -> None:
    def refused(pattern: str) -> list[str]:
        raise error

    monkeypatch.setattr("saddlepoint.catalogue.names", refused)
    result = saddle("ls")
    assert result.status == 2
    assert said in result.err
    assert "Traceback" not in result.err


def test_a_non_finite_loss_stops_with_status_1_and_no_traceback(saddle: Saddle, tmp_path: Path) -> None:
    result = saddle("train", "gan", "--steps", 200, "lr=1e30", "--out", "run", "track=none", "precision=fp32")
    assert result.status == 1
    assert "not finite" in result.err.splitlines()[-1]
    assert "Traceback" not in result.err
    assert list((tmp_path / "run/checkpoints").iterdir())
    assert "nonfinite" in saddle("doctor", "run").out


def test_ctrl_c_outside_training_is_130(saddle: Saddle, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(pattern: str) -> list[str]:
        raise KeyboardInterrupt

    monkeypatch.setattr("saddlepoint.catalogue.names", stopped)
    assert saddle("ls").status == 130


def test_a_folder_that_cannot_be_written_is_the_users(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = saddle("sample", runs / "gan", "--grid", "file/grid.png")
    assert result.status == 2
    assert "file" in result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_training_with_a_checkpoint(
    tmp_path: Path, cache: Path, number: signal.Signals, status: int
) -> None:
    command = [*SADDLE, "train", "gan", "--minutes", "5", "--out", "run", "track=none", "log_every=5"]
    package = Path(saddlepoint.__file__).parents[1]  # wherever this process found it
    env = os.environ | {"SADDLE_CACHE": str(cache), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(package)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr
        for line in process.stderr:
            if "images/s" in line:
                break
        process.send_signal(number)
        out, err = process.communicate(timeout=120)
    assert process.returncode == status
    assert "saddle resume run" in out
    assert "Traceback" not in err
    state = next((tmp_path / "run/checkpoints").iterdir()) / "state.json"
    assert json.loads(state.read_text())["step"] >= 5


def test_help_and_ls_import_neither_torch_nor_pydantic() -> None:
    code = (
        "import sys; from saddlepoint.cli.main import main; "
        "assert main(['--help']) == main(['ls']) == main(['cite', 'dcgan']) == main(['train', '--help']) == 0; "
        "assert main(['lss']) == 2; "
        "loaded = {'torch', 'pydantic', 'numpy', 'PIL'} & set(sys.modules); assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_leaves_is_no_error_to_talk_about() -> None:
    command = f"{sys.executable} -m saddlepoint info dcgan | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("dcgan: ")
    assert done.stderr == ""


def test_a_terminal_without_unicode_shows_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["info", "dcgan"]) == 0
    terminal.seek(0)
    assert "int ? 1" in terminal.read()


def test_json_has_no_nan(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"value": math.nan, "list": [(math.inf, 1.5)], "path": Path("a")})
    assert json.loads(capsys.readouterr().out, parse_constant=pytest.fail) == {
        "value": None,
        "list": [[None, 1.5]],
        "path": "a",
    }


def test_completion_knows_commands_and_options(saddle: Saddle, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    result = saddle("--install-completion", "--shell", "fish")
    assert result.status == 0
    script = Path(result.out.removeprefix("Installed in ").partition(";")[0]).read_text()
    assert "evaluate" in script
    assert "dry-run" in script
    assert "__complete" in script, "recipes' names are asked for, for there may be new ones"


def test_completion_offers_the_recipes(saddle: Saddle) -> None:
    result = saddle("__complete", "train", "r3")
    assert result.status == 0
    assert {"r3gan", "r3gan_small", "r3gan_tiny"} <= set(result.out.split())


def test_an_unknown_shell_is_asked_for(saddle: Saddle, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise ShellDetectionError

    monkeypatch.setattr("cyclopts.completion.detect.detect_shell", unknown)
    result = saddle("--install-completion")
    assert result.status == 2
    assert "--shell bash" in result.err
