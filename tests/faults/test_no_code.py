"""No code from a file is ever run: not in what the source says, nor when a trap lies in a file's place."""

from __future__ import annotations

import ast
import hashlib
import json
import os
import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import saddlepoint
from cli_support import Saddle

MODULES = {"pickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal", "yaml", "runpy", "code"}
CALLS = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "builtins.eval", "builtins.exec"),
    *("torch.jit.load", "torch.hub.load", "torch.export.load", "torch.package.PackageImporter", "pandas.read_pickle"),
}
MUST_SAY = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}
MUST_NOT_SAY = {"weights_only": False, "allow_pickle": True, "shell": True, "trust_remote_code": True}
IMPORT_BY_NAME = {
    "__init__.py",
    "catalogue.py",
    "claims/claim.py",
    "claims/protocol.py",
}  # names of our own modules only


def offences(source: str, file: str = "") -> Iterator[str]:
    """What in a source file could run code that comes from another file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            yield from (f"import {name}" for name in names if name.partition(".")[0] in MODULES)
        if not isinstance(node, ast.Call):
            continue
        called, said = ast.unparse(node.func), {k.arg: ast.unparse(k.value) for k in node.keywords}
        if called in CALLS or (called.endswith("import_module") and file not in IMPORT_BY_NAME):
            yield called
        if called in MUST_SAY and said.get(MUST_SAY[called][0]) != str(MUST_SAY[called][1]):
            yield f"{called} without {MUST_SAY[called][0]}={MUST_SAY[called][1]}"
        yield from (
            f"{called}({key}={said[key]})" for key, value in MUST_NOT_SAY.items() if said.get(key) == str(value)
        )


def test_the_source_runs_no_code_from_files() -> None:
    root = Path(saddlepoint.__file__).parent
    files = {str(path.relative_to(root)): path.read_text(encoding="utf-8") for path in root.rglob("*.py")}
    assert {name: found for name, text in files.items() if (found := list(offences(text, name)))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from dill import loads",
        "import yaml",
        "eval(text)",
        "exec(path.read_text())",
        "compile(text, '', 'exec')",
        "__import__(name)",
        "importlib.import_module(name)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "np.lib.format.read_array(file, allow_pickle=True)",
        "torch.jit.load(path)",
        "subprocess.run(text, shell=True)",
        "os.system(text)",
    ],
)
def test_an_offence_would_be_found(source: str) -> None:
    assert list(offences(source))


class Trap:
    """Makes a folder when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.canary),)


def lay(path: Path, canary: Path) -> None:
    """Put a trap into a file's place, in the form that its name asks for."""
    trap = Trap(canary)
    if path.suffix == ".npy":
        np.save(path, np.array([trap], object), allow_pickle=True)
    elif path.suffix == ".npz":
        np.savez(path, images=np.array([trap], object))
    elif path.suffix in (".pth", ".pt"):
        torch.save({"trap": trap}, path)
    else:
        path.write_bytes(pickle.dumps(trap))


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


def test_the_trap_works(tmp_path: Path, canary: Path) -> None:
    lay(tmp_path / "x.json", canary)
    pickle.loads((tmp_path / "x.json").read_bytes())
    assert canary.is_dir()


def check(result: Any, canary: Path) -> None:
    assert not canary.exists()
    assert "Traceback" not in result.err
    assert result.status in (0, 2)


RUN_FILES = {
    "run.json": "resume gan --steps 41",
    "best.json": "sample gan --checkpoint best",
    "events.jsonl": "resume gan --steps 41",
    "metrics.jsonl": "resume gan --steps 41",
    "state.json": "resume gan --steps 41",
    "model.safetensors": "sample gan --raw",
    "average.safetensors": "sample gan",
    "optim.safetensors": "resume gan --steps 41",
}


@pytest.mark.parametrize("name", RUN_FILES)
def test_a_trap_in_a_runs_file(saddle: Saddle, runs: Path, tmp_path: Path, canary: Path, name: str) -> None:
    shutil.copytree(runs / "gan", tmp_path / "gan")
    folder = max((tmp_path / "gan/checkpoints").iterdir(), key=lambda path: int(path.name))
    path = folder / name if (folder / name).exists() else tmp_path / "gan" / name
    lay(path, canary)
    if name.endswith(".jsonl"):
        path.write_bytes(path.read_bytes() + b"\n{}\n")  # not the last line, which a kill may have cut short
    if path.suffix == ".safetensors":  # the attacker knows of the hashes
        state = json.loads((folder / "state.json").read_text())
        state["sha256"][name] = hashlib.sha256(path.read_bytes()).hexdigest()
        (folder / "state.json").write_text(json.dumps(state))
    result = saddle(*RUN_FILES[name].split())
    check(result, canary)
    assert result.status == 2
    assert name in result.err.splitlines()[-1]


OTHER_FILES = {
    "x.npy": "data inspect x.npy",
    "x.npz": "data inspect x.npz",
    "x.zip": "data inspect x.zip",
    "x.tar": "data inspect x.tar",
    "x-idx3-ubyte": "data inspect x-idx3-ubyte",
    "photos/x.png": "train gan --steps 1 --data photos",
    "x.pth": "evaluate RUN --weights x.pth",
    "x.pt": "evaluate RUN --weights x.pt",
    "x.safetensors": "evaluate RUN --weights x.safetensors",
    "x.onnx": "evaluate RUN --features x.onnx",
    "x.csv": "reproduce gan --data digits --out x.csv",
}


@pytest.mark.parametrize("name", [name for name in OTHER_FILES if name != "x.csv"])
def test_a_trap_in_a_file_of_the_users(saddle: Saddle, runs: Path, tmp_path: Path, canary: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    lay(tmp_path / name, canary)
    result = saddle(*OTHER_FILES[name].replace("RUN", str(runs / "gan")).split())
    check(result, canary)
    assert result.status == 2
    assert name.partition("/")[0] in result.err.splitlines()[-1]


def test_traps_in_the_cache(
    saddle: Saddle, runs: Path, tmp_path: Path, canary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every file of it at a time: decoded sets, notes of what was seen, features."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("SADDLE_CACHE", str(cache))
    evaluate = ("evaluate", runs / "gan", "-n", 8, "--features", "pixels", "--metrics", "fd")
    assert saddle(*evaluate).status == 0
    kept = {path: path.read_bytes() for path in cache.rglob("*") if path.is_file()}
    assert {path.suffix for path in kept} >= {".npy", ".json", ".safetensors", ""}
    for path, content in kept.items():
        lay(path, canary)
        check(saddle(*evaluate), canary)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
