"""Several real processes, by torchrun and gloo, train as one process would over the joined batch."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from joined import trainer
from safetensors.torch import load_file
from torch import nn

import saddlepoint
from saddlepoint import distributed, runs
from saddlepoint.checkpoint import read_state, read_tensors
from saddlepoint.distributed import World, launched
from saddlepoint.engine.batch_norm import JoinedBatchNorm, join_batch_norms
from saddlepoint.engine.budget import Budget
from saddlepoint.engine.signals import StopRequest
from saddlepoint.errors import UserError

HERE = Path(__file__).parent
OPTIONS = {"width": 8, "batch": 16, "precision": "fp32", "track": "none", "checkpoint_every": 3, "flip": True}


def torchrun(*arguments: object, processes: int = 2) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, *map(str, arguments)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def saddle(*arguments: object) -> list[object]:
    return ["-m", "saddlepoint", *arguments, *(f"{k}={json.dumps(v)}" for k, v in OPTIONS.items())]


def finished(process: subprocess.Popen[str]) -> tuple[str, str]:
    out, error = process.communicate(timeout=200)
    assert process.returncode == 0, error
    return out, error


def test_two_processes_equal_one_with_the_joined_batch(tmp_path):
    """Conv nets in channels_last, fused Adam, batch norm, and a gradient penalty through it."""
    steps = 5
    finished(torchrun(HERE / "joined.py", tmp_path, steps))
    one = trainer()
    for _ in range(steps):
        one.one_step(Budget(steps=steps))
    two = load_file(tmp_path / "model.safetensors")
    for key, value in one.recipe.state_dict().items():
        torch.testing.assert_close(two[key], value, rtol=1e-4, atol=2e-6, msg=lambda m, key=key: f"{key}: {m}")
    logs = load_file(tmp_path / "logs.safetensors")
    assert logs.keys() == one.update.logs.keys()
    for key, values in one.update.logs.items():
        torch.testing.assert_close(logs[key], values[-1], rtol=1e-4, atol=1e-6)
    assert (two["discriminator.idle"] == 1).all()  # no process had a gradient for it


@pytest.fixture(scope="module")
def by_two(tmp_path_factory):
    """A run of 6 steps by two processes, judged by both."""
    folder = tmp_path_factory.mktemp("two") / "run"
    out, error = finished(torchrun(*saddle("train", "dcgan", "--out", folder, "--steps", 6, "--device", "cpu")))
    assert out.count("Checkpoint") == 1, "only the leader speaks"
    assert error.count("Training dcgan for 6 steps") == 1
    finished(torchrun("-m", "saddlepoint", "evaluate", folder, "--metrics", "fd", "--features", "pixels"))
    return folder


@pytest.fixture(scope="module")
def by_one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("one") / "run"
    return saddlepoint.train("dcgan", "digits", out=folder, steps=6, device="cpu", **OPTIONS).path


def close(ours: Path, theirs: Path) -> None:
    a, b = runs.find_checkpoint(ours), runs.find_checkpoint(theirs)
    assert a.name == b.name
    assert read_state(a)["position"] == read_state(b)["position"]
    for part in ("model", "average", "optim"):
        mine, other = read_tensors(a, part), read_tensors(b, part)
        assert mine.keys() == other.keys()
        for key in mine:
            torch.testing.assert_close(
                mine[key], other[key], rtol=1e-3, atol=1e-4, msg=lambda m, key=key: f"{key}: {m}"
            )


def test_the_command_line_under_torchrun(by_one, by_two):
    assert runs.manifest(by_two)["processes"] == 2
    close(by_two, by_one)
    assert [p.name for p in runs.checkpoints(by_two)] == [p.name for p in runs.checkpoints(by_one)]
    assert len(list((by_two / "samples").iterdir())) == 1


def test_features_are_gathered_from_all_processes(by_two):
    """The same model, judged by one process."""
    lines = [json.loads(line) for line in (by_two / "metrics.jsonl").read_text().splitlines()]
    assert [line["metric"] for line in lines] == ["fd", "fd_floor"], "only the leader writes"
    alone = saddlepoint.evaluate(by_two, metrics=["fd"], features="pixels", device="cpu")
    for line, measured in zip(lines, alone, strict=True):
        assert line["value"] == pytest.approx(measured.value, rel=1e-4)
        assert {**line["protocol"]} == measured.protocol


def test_a_run_of_two_processes_goes_on_with_one_and_the_other_way_round(by_one, by_two):
    saddlepoint.resume(by_two, steps=10, device="cpu")
    finished(torchrun("-m", "saddlepoint", "resume", by_one, "--steps", 10, "--device", "cpu"))
    close(by_two, by_one)


def test_a_process_that_dies_is_named_and_the_last_checkpoint_is_good(tmp_path):
    """Killed in the middle of a step; without torchrun, which would end the other one itself."""
    folder, port = tmp_path / "run", _free_port()
    arguments = saddle("train", "dcgan", "--out", folder, "--steps", 100_000, "--device", "cpu")
    place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2", "OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            env={**os.environ, **place, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        for rank in range(2)
    ]
    leader, other = both
    _wait_for_checkpoints(folder, leader)
    other.send_signal(signal.SIGKILL)
    other.communicate()
    _, error = leader.communicate(timeout=60)
    assert leader.returncode == 1, error
    assert "Traceback" not in error
    said = error.splitlines()[-1]
    assert said.startswith("saddle: Process 0 of 2 lost another one")
    last = runs.find_checkpoint(folder)
    assert f"The last checkpoint is {last}" in said
    assert f"saddle resume {folder}" in said
    run = saddlepoint.resume(folder, steps=read_state(last)["step"] + 2, device="cpu")
    assert run.steps == read_state(last)["step"] + 2


def _wait_for_checkpoints(folder: Path, process: subprocess.Popen[str]) -> None:
    started = time.monotonic()
    while not (folder.exists() and len(runs.checkpoints(folder)) > 1):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() - started < 120
        time.sleep(0.02)


def test_a_signal_stops_all_at_one_step_with_a_checkpoint(tmp_path):
    """As Slurm does before a job's time is over: SIGTERM to torchrun, which hands it on."""
    folder = tmp_path / "run"
    process = torchrun(*saddle("train", "dcgan", "--out", folder, "--steps", 100_000, "--device", "cpu"))
    _wait_for_checkpoints(folder, process)
    process.terminate()
    _, error = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "lost another one" not in error
    state = read_state(runs.find_checkpoint(folder))
    assert [int(p.stem) for p in (folder / "samples").iterdir()] == [state["images"]], "it ended in order"
    saddlepoint.resume(folder, steps=state["step"] + 1, device="cpu")


def test_a_signal_that_comes_while_the_others_are_asked_is_kept(monkeypatch):
    t, stop = trainer(), StopRequest()

    def agree(*values: float) -> list[float]:
        stop.name = "SIGTERM"
        return list(values)

    monkeypatch.setattr(distributed, "agree", agree)
    assert not t._over(Budget(steps=9), stop)  # the others were told of none
    assert stop.name == "SIGTERM"
    assert t._over(Budget(steps=9), stop)


SILENT = """
import datetime, sys, time
import torch
from saddlepoint import distributed
from saddlepoint.errors import LostProcessError
distributed.TIMEOUT = datetime.timedelta(seconds=4)
with distributed.connect(torch.device("cpu")) as world:
    distributed.agree(0.0)
    if world.rank == 1:
        time.sleep(60)
    try:
        distributed.agree(0.0)
    except LostProcessError as error:
        print(error)
        import os; sys.stdout.flush(); os._exit(7)
"""


def test_a_process_that_falls_silent_is_not_waited_for_for_ever(tmp_path):
    script = tmp_path / "silent.py"
    script.write_text(SILENT)
    out, _ = torchrun(script).communicate(timeout=50)
    assert "Process 0 of 2 lost another one" in out


def _free_port() -> int:
    import socket

    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def test_a_batch_that_cannot_be_dealt_is_refused(monkeypatch, tmp_path):
    for name, value in (("RANK", "0"), ("WORLD_SIZE", "3"), ("LOCAL_RANK", "0")):
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError, match=r"batch=64 cannot be dealt to 3 processes: batch=63 can"):
        saddlepoint.train("dcgan", out=tmp_path / "run", steps=1)
    assert not (tmp_path / "run").exists()


def test_half_an_environment_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(UserError, match="RANK=, WORLD_SIZE=4, LOCAL_RANK=: start several processes with torchrun"):
        launched()


def test_slices_are_the_whole():
    for n in (0, 1, 7, 64):
        slices = [World(rank, 3).slice(n) for rank in range(3)]
        assert [row for start, stop in slices for row in range(start, stop)] == list(range(n))
        assert max(b - a for a, b in slices) - min(b - a for a, b in slices) <= 1


@pytest.mark.parametrize("momentum", [0.1, None])
def test_joined_batch_norm_is_batch_norm_twice_differentiable(momentum):
    torch.manual_seed(0)
    plain = nn.Sequential(nn.BatchNorm2d(5, momentum=momentum), nn.Tanh())
    nn.init.normal_(plain[0].weight)
    nn.init.normal_(plain[0].bias)
    other = nn.Sequential(nn.BatchNorm2d(5, momentum=momentum), nn.Tanh())
    other.load_state_dict(plain.state_dict())
    join_batch_norms(other)
    assert isinstance(other[0], JoinedBatchNorm)
    assert list(other.state_dict()) == list(plain.state_dict())
    x = torch.randn(6, 5, 4, 3).contiguous(memory_format=torch.channels_last)
    found = []
    for net in (plain, other):
        for _ in range(2):
            ours = x.clone().requires_grad_()
            out = net(ours)
            (slope,) = torch.autograd.grad((out**2).sum(), ours, create_graph=True)
            net.zero_grad()
            (out.sum() + slope.square().sum()).backward()
        found.append([out, slope, ours.grad, *(p.grad for p in net.parameters()), *net.buffers()])
        net.eval()
        found[-1].append(net(x))
        assert out.is_contiguous(memory_format=torch.channels_last)
    for a, b in zip(*found, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)
