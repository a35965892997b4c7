"""Damaged runs: exit status 2, one sentence that names the file and what is wrong with it, and nothing written."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from refusal import everything, refused
from safetensors.torch import load_file, save_file

from cli_support import Saddle

Damage = Callable[[Path, Path], Any]
"""Is given the run's folder and its last checkpoint."""
RESUME, SAMPLE, RAW, BEST, EVALUATE, DOCTOR = (
    "resume gan --steps 60",
    "sample gan -n 4",
    "sample gan -n 4 --raw",
    "sample gan --checkpoint best",
    "evaluate gan -n 8 --features pixels",
    "doctor gan",
)
READERS = (RESUME, SAMPLE, EVALUATE, DOCTOR)


def write(name: str, content: bytes) -> Damage:
    return lambda run, last: (last if (last / name).exists() else run).joinpath(name).write_bytes(content)


def folder_for(name: str) -> Damage:
    def damage(run: Path, last: Path) -> None:
        path = (last if (last / name).exists() else run) / name
        path.unlink()
        path.mkdir()

    return damage


def file_for(name: str) -> Damage:
    def damage(run: Path, last: Path) -> None:
        shutil.rmtree(run / name)
        (run / name).touch()

    return damage


def edit(name: str, *keys: str, value: Any = ...) -> Damage:
    """Set a key of a JSON file, or take it away."""

    def damage(run: Path, last: Path) -> None:
        path = (last if (last / name).exists() else run) / name
        whole = json.loads(path.read_text())
        part = whole
        for key in keys[:-1]:
            part = part[key]
        if value is ...:
            del part[keys[-1]]
        else:
            part[keys[-1]] = value
        path.write_text(json.dumps(whole))

    return damage


def tamper(name: str, change: Callable[[dict[str, torch.Tensor]], Any]) -> Damage:
    """Change the tensors of a part, and its sha256 with them."""

    def damage(run: Path, last: Path) -> None:
        path = last / f"{name}.safetensors"
        tensors = load_file(path)
        change(tensors)
        save_file(tensors, path)
        edit("state.json", "sha256", path.name, value=hashlib.sha256(path.read_bytes()).hexdigest())(run, last)

    return damage


def first(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[dict[str, torch.Tensor]], Any]:
    return lambda tensors: tensors.update({min(tensors): change(tensors[min(tensors)])})


def cut(name: str) -> Damage:
    return lambda run, last: os.truncate(last / name, 50)


def gone(name: str) -> Damage:
    return lambda run, last: (last / name).unlink()


UNKNOWN = "generator/x/y"
PICKLED, DEEP = pickle.dumps({"step": 3}), b"[" * 100_000
RUN_JSON: dict[str, Damage] = {
    **{
        f"of {kind}": write("run.json", text)
        for kind, text in {
            "{}": b"{}",
            "[]": b"[]",
            "null": b"null",
            "nothing": b"",
            "noise": b"\xff\xfe\0",
            "a pickle": PICKLED,
            "depth": DEEP,
        }.items()
    },
    "a folder": folder_for("run.json"),
    **{
        f"without {'.'.join(keys)}": edit("run.json", *keys)
        for keys in [
            ("recipe",),
            ("config",),
            ("config", "data"),
            ("data",),
            ("data", "spec"),
            ("seed",),
            ("budget",),
            ("threads",),
        ]
    },
    **{
        f"with {'.'.join(keys)}={value!r}": edit("run.json", *keys, value=value)
        for *keys, value in [
            ("recipe", 3),
            ("recipe", ["gan"]),
            ("config", None),
            ("data", "x"),
            ("data", "source", None),
            ("data", "spec", "shape", [1]),
            ("data", "spec", "shape", ["a", 2, 3]),
            ("data", "spec", "shape", [1, -8, 8]),
            ("data", "spec", "kind", "tokens"),
            ("data", "spec", "classes", 3),
            ("seed", "x"),
            ("threads", "x"),
            ("threads", -3),
            ("budget", {"epochs": 3}),
            ("budget", {"steps": "x"}),
        ]
    },
}
ANOTHERS: dict[str, Damage] = {
    "an unknown recipe": edit("run.json", "recipe", value="megagan"),
    "another recipe": edit("run.json", "recipe", value="vae"),
    "an option of a later version": edit("run.json", "config", "train", "turbo", value=1),
    "an option out of range": edit("run.json", "config", "train", "batch", value=-1),
}
STATE: dict[str, Damage] = {
    **{
        f"of {kind}": write("state.json", text)
        for kind, text in {
            "{}": b"{}",
            "[]": b"[]",
            "null": b"null",
            "nothing": b"",
            "noise": b"\xff\x80",
            "depth": DEEP,
        }.items()
    },
    "a folder": folder_for("state.json"),
    **{f"without {key}": edit("state.json", key) for key in ("sha256", "step", "images", "position", "seconds")},
    **{
        f"with {key}={value!r}": edit("state.json", key, value=value)
        for key, value in [
            ("sha256", []),
            ("sha256", None),
            ("step", -5),
            ("step", "x"),
            ("step", 1.5),
            ("step", None),
            ("images", -8),
            ("position", -1),
            ("position", 10**30),
            ("seconds", "x"),
            ("seconds", -3),
        ]
    },
}
TENSORS: dict[str, tuple[str, str, Damage]] = {
    "cut short": (SAMPLE, "damaged", cut("model.safetensors")),
    "emptied": (SAMPLE, "damaged", write("model.safetensors", b"")),
    "a folder": (SAMPLE, "missing", folder_for("model.safetensors")),
    "without the optimiser": (RESUME, "optim.safetensors is missing", gone("optim.safetensors")),
    "without the average": (SAMPLE, "average.safetensors is missing", gone("average.safetensors")),
    "a tensor less": (SAMPLE, "is missing there", tamper("model", lambda t: t.pop(min(t)))),
    "a tensor more": (SAMPLE, "x is", tamper("model", lambda t: t.update(x=torch.zeros(1)))),
    "another shape": (SAMPLE, "(3, 3)", tamper("model", first(lambda t: torch.zeros(3, 3)))),
    "half precision": (RESUME, "float16", tamper("model", first(torch.Tensor.half))),
    "whole numbers": (RESUME, "int32", tamper("model", first(torch.Tensor.int))),
    "not a number": (RAW, "not finite", tamper("model", lambda t: t.update({k: v * torch.nan for k, v in t.items()}))),
    "not a number on average": (SAMPLE, "not finite", tamper("average", first(lambda t: t * torch.nan))),
    "another average": (SAMPLE, "does not fit", tamper("average", lambda t: t.update(x=torch.zeros(1)))),
    "an optimiser's tensor less": (RESUME, "does not fit", tamper("optim", lambda t: t.pop(min(t)))),
    "an optimiser's tensor more": (
        RESUME,
        "x/y",
        tamper("optim", lambda t: t.update({UNKNOWN: torch.ones(1)})),
    ),
    "an optimiser of another shape": (RESUME, "(3, 3)", tamper("optim", first(lambda t: torch.zeros(3, 3)))),
    "an optimiser of whole numbers": (RESUME, "does not fit", tamper("optim", first(torch.Tensor.int))),
    "another width": (RESUME, "(7, 100)", edit("run.json", "config", "recipe", "g_widths", value=[7])),
    "no checkpoint": (SAMPLE, "no checkpoint yet", lambda run, last: shutil.rmtree(run / "checkpoints")),
    "other data": (RESUME, "content has changed", edit("run.json", "data", "fingerprint", value="x")),
    "data gone": (RESUME, "no/such", edit("run.json", "data", "source", value="no/such")),
}
LOGS: dict[str, tuple[str, str, Damage]] = {
    **{
        f"a line {line!r} in events.jsonl": (command, "events.jsonl, line 1", write("events.jsonl", line + b"\n{}\n"))
        for line in (b"garbage", b"3", b"[]", b"{}", b'{"step":"x"}', b'{"step":1}', b"\xff")
        for command in (RESUME, DOCTOR)
    },
    "a line of metrics.jsonl": (RESUME, "metrics.jsonl, line 1", write("metrics.jsonl", b"{}\n{}\n")),
    "events.jsonl a folder": (RESUME, "events.jsonl", folder_for("events.jsonl")),
    **{
        f"best.json of {text!r}": (command, "best.json", write("best.json", text))
        for text in (b"[]", b"{}", b"x", b'{"images":"x","value":1}')
        for command in (BEST, RESUME)
    },
    "samples a file": (
        RESUME,
        "samples",
        lambda run, last: (shutil.rmtree(run / "samples"), (run / "samples").touch()),
    ),
}
DAMAGES: list[tuple[str, str, str, Damage]] = [
    *((f"run.json {name}", command, "run.json", damage) for name, damage in RUN_JSON.items() for command in READERS),
    *((name, command, "run.json", damage) for name, damage in ANOTHERS.items() for command in (RESUME, SAMPLE)),
    *((f"state.json {name}", command, "state.json", damage) for name, damage in STATE.items()
      for command in (RESUME, SAMPLE)),
    *((name, *rest) for name, rest in (TENSORS | LOGS).items()),
]  # fmt: skip


@pytest.mark.parametrize(
    ("command", "named", "damage"),
    [rest for _, *rest in DAMAGES],
    ids=[f"{name}: {command.split()[0]}" for name, command, *_ in DAMAGES],
)
def test_a_damaged_run(saddle: Saddle, runs: Path, tmp_path: Path, command: str, named: str, damage: Damage) -> None:
    shutil.copytree(runs / "gan", tmp_path / "gan")
    damage(tmp_path / "gan", max((tmp_path / "gan/checkpoints").iterdir(), key=lambda path: int(path.name)))
    before = everything(tmp_path)
    refused(saddle(*command.split()), named)
    assert everything(tmp_path) == before


@pytest.mark.parametrize("name", ["12abc", "9" * 30, "1e5", "٣", "0x9", ".DS_Store", "best"])
def test_a_strangers_folder_among_the_checkpoints_is_left_alone(
    saddle: Saddle, runs: Path, tmp_path: Path, name: str
) -> None:
    shutil.copytree(runs / "gan", tmp_path / "gan")
    shutil.copytree(runs / "gan/checkpoints/2560", tmp_path / "gan/checkpoints" / name)
    (tmp_path / "gan/samples/notes.png").write_text("mine")
    assert saddle(*RESUME.split()).status == 0
    assert saddle(*SAMPLE.split()).status == 0
    assert (tmp_path / "gan/checkpoints" / name / "state.json").exists()
