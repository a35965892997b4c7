"""Imports run downward only."""

from __future__ import annotations

import ast
from pathlib import Path

import saddlepoint

ROOT = Path(saddlepoint.__file__).parent

# A part may import itself and what it lists; each line stands above the lines it names.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "files": {"errors"},
    "config": {"errors"},
    "distributed": {"errors"},
    "types": set(),
    "pictures": set(),
    "film": {"errors", "files"},
    "objectives": {"types", "distributions"},
    "distributions": {"types"},
    "priors": {"types", "errors"},
    "networks": {"types", "config", "distributed"},
    "recipe": {"priors", "types", "config", "errors", "pictures"},
    "source": set(),
    "catalogue": {"recipe", "config", "types", "errors", "source"},
    "families": {
        "priors",
        "errors",
        "distributed",
        "recipe",
        "config",
        "types",
        "objectives",
        "distributions",
        "networks",
    },
    "recipes": {
        *("families", "catalogue", "recipe", "networks", "objectives", "distributions", "config", "types", "errors"),
        *("distributed", "priors"),
    },
    "data": {"types", "config", "errors", "files", "pictures"},
    "checkpoint": {"errors", "files"},
    "manifest": {"errors"},
    "runs": {"checkpoint", "manifest", "errors", "files"},
    "engine": {"recipe", "data", "checkpoint", "runs", "config", "types", "errors", "files", "pictures"}
    | {"distributed"},
    "metrics": {"recipe", "objectives", "config", "types", "errors", "files", "pictures", "distributed"},
}
MAY_IMPORT["latent"] = {"recipe", "priors", "types", "errors"}
MAY_IMPORT["assembly"] = {*MAY_IMPORT} - {"recipes", "families"} | {"__init__"}
MAY_IMPORT["api"] = MAY_IMPORT["assembly"] | {"assembly"}
# Over the front door: everything but each other.
EVERYTHING = {*MAY_IMPORT, "__init__"}
MAY_IMPORT["environment"] = EVERYTHING
MAY_IMPORT["diagnosis"] = EVERYTHING
MAY_IMPORT["few_labels"] = EVERYTHING
MAY_IMPORT["figures"] = EVERYTHING
MAY_IMPORT["lab"] = EVERYTHING | {"figures"}
MAY_IMPORT["claims"] = EVERYTHING | {"figures"}
MAY_IMPORT["report"] = EVERYTHING | {"diagnosis", "figures"}
MAY_IMPORT["web"] = EVERYTHING | {
    "environment",
    "figures",
    "lab",
    "latent",
}  # not cli: it starts that in another process
MAY_IMPORT["cli"] = EVERYTHING | {"environment", "diagnosis", "few_labels", "figures", "lab", "claims", "report", "web"}
MAY_IMPORT["__main__"] = {"cli"}
MAY_IMPORT["__init__"] = {"api", "catalogue", "errors", "few_labels", "types"}  # lazily, and for type checkers


def part(path: Path) -> str:
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: write absolute imports"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    inside = {name for name in found if name.partition(".")[0] == "saddlepoint"}
    return {name.split(".")[1] if "." in name else "__init__" for name in inside}


def known(name: str) -> str:
    return name if (ROOT / name).is_dir() or (ROOT / f"{name}.py").exists() else "__init__"


def test_imports_run_downward():
    wrong: list[str] = []
    for path in ROOT.rglob("*.py"):
        own = part(path)
        assert own in MAY_IMPORT, f"{own} has no place in the layers: give it one"
        wrong += [
            f"{path.relative_to(ROOT)} imports {known(name)}"
            for name in imported(path)
            if known(name) != own and known(name) not in MAY_IMPORT[own]
        ]
    assert not wrong, "\n".join(sorted(wrong))


def test_one_command_starts_the_web_page_and_nothing_else_of_the_command_line_knows_it():
    knowing = {path.name for path in (ROOT / "cli").glob("*.py") if "web" in imported(path)}
    assert knowing == {"explore.py"}


def test_nothing_needs_torchvision():
    sources = "\n".join(path.read_text() for path in ROOT.rglob("*.py"))
    assert "import torchvision" not in sources
    assert "from torchvision" not in sources


def test_nothing_read_from_a_file_is_executed():
    """No pickle, no weights_only=False, no eval or exec anywhere in the package."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
                assert not names & {"pickle", "dill", "joblib", "marshal", "shelve"}, path
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in {"eval", "exec", "__import__"}, f"{path}: {called}"
                given = {k.arg: ast.unparse(k.value) for k in node.keywords}
                if called == "torch.load":
                    assert given.get("weights_only") == "True", path
                if called in {"np.load", "numpy.load"}:
                    assert given.get("allow_pickle") == "False", path
