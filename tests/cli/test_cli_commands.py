"""Each command does what its help says, for people and for programs."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from PIL import Image

from cli_support import Saddle
from saddlepoint.cli.evaluate import common, number

COMMANDS = ["ls", "info", "train", "resume", "sample", "complete", "evaluate", "classify", "cite", "doctor", "report"]
COMMANDS += ["data inspect"]
COMMANDS += [f"latent {name}" for name in ("wall", "interpolate", "traverse", "truncate", "arithmetic", "directions")]
COMMANDS += [f"latent {name}" for name in ("attribute", "invert", "slices")]
COMMANDS += [f"lab {name}" for name in ("orbit", "dirac", "ring", "game", "gradients")]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_usage_an_example_and_every_option_explained(
    saddle: Saddle, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")  # a row for each option
    result = saddle(*command.split(), "--help")
    assert result.status == 0
    assert result.out.startswith(f"Usage: saddle {command}")
    assert f"Example: saddle {command}" in result.out
    assert result.err == ""
    rows = [line.strip("│ ") for line in result.out.splitlines() if line.startswith("│")]
    assert rows
    for row in rows:
        meaning = re.split(r"\s{2,}", row.removeprefix("*").strip())[1:]
        assert meaning, row
        assert meaning[0][0] != "[", row  # only a default


def test_help_lists_the_commands(saddle: Saddle) -> None:
    for result in (saddle("--help"), saddle()):
        assert result.status == 0
        assert all(f"│ {command.split()[0]} " in result.out for command in COMMANDS)


def test_version(saddle: Saddle) -> None:
    from saddlepoint import __version__

    assert saddle("--version").out.strip() == __version__


def listed_in(text: str) -> list[str]:
    """Names below the titles of groups."""
    return [line.split()[0] for line in text.splitlines() if line.startswith(" ")]


def test_ls_lists_the_catalogue_or_what_matches(saddle: Saddle) -> None:
    from saddlepoint import names

    assert sorted(listed_in(saddle("ls").out)) == names()
    assert set(listed_in(saddle("ls", "*gan*").out)) == set(names("*gan*"))
    grouped = saddle("ls", "cgan*").out.splitlines()
    assert grouped[0] == "Adversarial: conditional and structured"
    assert grouped[1].split()[:4] == ["cgan", "2014", "conditional,", "latent"]
    assert grouped[2].split()[:2] == ["cgan_conv", "2014"]
    listed = json.loads(saddle("ls", "dcgan", "--json").out)
    assert listed[0]["name"] == "dcgan"
    assert listed[0]["paper"]["arxiv"] == "1511.06434"


def test_info_explains_every_option(saddle: Saddle) -> None:
    facts = json.loads(saddle("info", "dcgan", "--json").out)
    assert facts["capabilities"][0] == "samples"
    options = {row["key"]: row for rows in facts["options"].values() for row in rows}
    assert options["lr"]["default"] == 2e-4
    assert options["lr"]["type"] == "float > 0"
    assert options["precision"]["type"] == "auto | fp32 | bf16 | fp16"
    assert options["betas"]["type"] == "tuple[float, float]"
    assert all(row["meaning"] and "\n" not in row["meaning"] for row in options.values())
    shown = saddle("info", "dcgan").out
    assert all(key in shown for key in options)
    assert "Radford" in shown


def test_info_of_a_preset_shows_its_defaults(saddle: Saddle) -> None:
    from saddlepoint import catalogue

    preset = next(entry for entry in map(catalogue.info, catalogue.names()) if entry.preset)
    options = {row["key"]: row for row in json.loads(saddle("info", preset.name, "--json").out)["options"]["Recipe"]}
    for key, value in preset.preset.items():
        assert options[key]["default"] == value


def test_cite_prints_bibtex(saddle: Saddle) -> None:
    out = saddle("cite", "dcgan").out
    assert out.startswith("@")
    assert out.count("{") == out.count("}")
    assert "Radford" in out


def test_train_says_where_everything_is_and_what_to_do_next(saddle: Saddle) -> None:
    result = saddle("train", "gan", "--steps", 4, "batch=8", "track=none", "log_every=2")
    assert result.status == 0
    said = dict(line.split(maxsplit=1) for line in result.out.splitlines()[:3])
    assert Path(said["Run"], "run.json").exists()
    assert Path(said["Samples"]).suffix == ".png"
    assert Path(said["Samples"]).exists()
    assert Path(said["Checkpoint"], "model.safetensors").exists()
    assert result.out.count("\n  saddle ") == 3
    assert "4 steps" in result.err
    assert "generator" in result.err


def test_train_as_json_keeps_stdout_for_programs(saddle: Saddle) -> None:
    facts = json.loads(saddle("train", "gan", "--images", 32, "batch=8", "track=none", "--json").out)
    assert facts["finished"] is True
    assert facts["images"] == 32
    manifest = json.loads(Path(facts["run"], "run.json").read_text())
    assert manifest["config"]["train"]["batch"] == 8


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--labels", 50), "--labels 50 is written labels=50:"),
        (("--labels=50",), "--labels=50 is written labels=50:"),
        (("--m1-steps", 9, "batch=8"), "--m1-steps 9 is written m1_steps=9:"),
        (("--flip", "--steps", 1), "--flip is written flip=...:"),
        (("--lr", "lr=1"), "--lr is written lr=...:"),
        (("--data", "digits", "--label", 50), "Unknown option: --label."),
    ],
)
def test_an_option_written_as_a_flag_is_told_how_it_is_written(saddle: Saddle, flags: tuple[object, ...], said: str):
    result = saddle("train", "m1_m2", *flags)
    assert result.status == 2
    assert result.err.startswith(f"saddle: {said}")


def test_train_again_into_the_same_folder_says_how_to_resume(saddle: Saddle, runs: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*")}
    result = saddle("train", "gan", "--out", runs / "gan", "--steps", 1)
    assert result.status == 2
    assert f"saddle resume {runs / 'gan'}" in result.err
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*")} == before


def test_dry_run_shows_the_plan_and_writes_nothing(saddle: Saddle, tmp_path: Path) -> None:
    result = saddle("train", "gan", "--dry-run", "batch=16")
    assert result.status == 0
    for part in ("generator", "parameters", "MiB", "steps", "loss", "batch=16"):
        assert part in result.out
    plan = json.loads(saddle("train", "gan", "--dry-run", "--json").out)
    assert plan["networks"]["generator"] > 0
    assert plan["losses"]["generator/loss"] > 0
    assert list(tmp_path.iterdir()) == []


def test_resume_extends_a_run(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "gan", tmp_path / "gan")
    facts = json.loads(saddle("resume", "gan", "--steps", 44, "--json").out)
    assert facts["steps"] == 44
    assert facts["finished"] is True


def test_resume_says_when_the_budget_is_used_up(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "gan", tmp_path / "gan")
    result = saddle("resume", "gan", "--minutes", 1e-6)
    assert result.status == 0
    assert "The run has had its 1e-06 minutes, counted from its beginning" in result.out + result.err


def test_sample_draws_a_grid_named_after_run_and_seed(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    result = saddle("sample", runs / "gan", "-n", 9, "--seed", 3)
    assert result.status == 0
    assert result.out.strip() == "gan-seed3.png"
    with Image.open(tmp_path / "gan-seed3.png") as picture:
        assert picture.width == picture.height
    again = saddle("sample", runs / "gan", "-n", 9, "--seed", 3, "--grid", "new/again.png")
    assert again.status == 0
    assert (tmp_path / "new/again.png").read_bytes() == (tmp_path / "gan-seed3.png").read_bytes()


def test_sample_writes_one_file_each(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    facts = json.loads(saddle("sample", runs / "gan", "-n", 3, "--out", "drawn", "--json").out)
    assert sorted(path.name for path in (tmp_path / "drawn").iterdir()) == ["00000.png", "00001.png", "00002.png"]
    assert facts["files"] == ["drawn/00000.png", "drawn/00001.png", "drawn/00002.png"]
    with Image.open(tmp_path / "drawn/00000.png") as picture:
        assert picture.size == (8, 8)
    more = saddle("sample", runs / "gan", "-n", 1, "--out", "drawn")
    assert more.status == 2
    assert "new or empty" in more.err


def test_sample_of_a_class_by_name_or_number(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    saddle("sample", runs / "cgan", "-n", 4, "--class", "7", "--grid", "seven.png")
    saddle("sample", runs / "cgan", "-n", 4, "--class", "1", "--grid", "one.png")
    assert (tmp_path / "seven.png").read_bytes() != (tmp_path / "one.png").read_bytes()
    assert "gan-seed0-class7.png" in saddle("sample", runs / "cgan", "-n", 4, "--class", "7").out


def test_evaluate_prints_values_beside_floors_and_the_protocol(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "gan", tmp_path / "gan")
    result = saddle("evaluate", "gan", "--metrics", "fd", "kid", "--features", "pixels", "-n", 200, "--figures")
    assert result.status == 0
    assert "FD[pixels:8x8]" in result.out
    assert " ± " in result.out
    assert "real against real" in result.out
    protocol = " ".join(result.out.split())
    for part in ("reference test", "reference_count 179", "n 200", "weights average", "seed 0", "features_sha256"):
        assert part in protocol
    for name in ("losses.png", "neighbours.png"):
        assert f"gan/figures/{name}" in result.out
        with Image.open(tmp_path / "gan/figures" / name) as picture:
            assert picture.width > 100
    lines = [json.loads(line) for line in (tmp_path / "gan/metrics.jsonl").read_text().splitlines()]
    assert {"fd", "kid", "fd_floor"} <= {line["metric"] for line in lines}


def test_evaluate_as_json(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "gan", tmp_path / "gan")
    arguments = ("evaluate", "gan", "--metrics", "fd", "--features", "pixels", "-n", 200, "--raw", "--json")
    measured = {m["metric"]: m for m in json.loads(saddle(*arguments).out)["measurements"]}
    assert measured["fd"]["value"] > measured["fd_floor"]["value"] > 0
    assert measured["fd"]["protocol"]["weights"] == "raw"


def test_data_inspect_counts_and_draws(saddle: Saddle, tmp_path: Path) -> None:
    folder = tmp_path / "pets"
    for label, count in (("cat", 12), ("dog", 9)):
        (folder / label).mkdir(parents=True)
        for i in range(count):
            Image.new("RGB", (20, 16), (10 * i, 200, 30)).save(folder / label / f"{i}.png")
    (folder / "cat" / "broken.png").write_bytes(b"no picture")
    result = saddle("data", "inspect", folder, "size=8", "--sheet", "sheet.png")
    assert result.status == 0
    for part in ("cat 12", "dog 9", "16x20 21", "RGB 21", "broken.png", "8x8x3"):
        assert part in result.out
    assert Path("sheet.png").exists()
    facts = json.loads(saddle("data", "inspect", folder, "--json").out)
    assert facts["classes"] == {"cat": 12, "dog": 9}
    assert [Path(bad["name"]).name for bad in facts["bad"]] == ["broken.png"]


def test_doctor_describes_the_machine(saddle: Saddle) -> None:
    facts = {fact["topic"]: fact["value"] for fact in json.loads(saddle("doctor", "--json").out)}
    assert "torch" in facts["packages"]
    assert facts["precision"].startswith("auto is ")
    assert "can be written" in facts["runs"]
    assert "Inception weights not downloaded" in facts["kept"]
    assert all(topic in saddle("doctor").out for topic in facts)


def test_doctor_reads_a_run(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "gan", tmp_path / "gan")
    with (tmp_path / "gan/events.jsonl").open("a") as log:
        log.write('{"event": "nonfinite", "player": "generator", "terms": ["loss"], "step": 7, "images": 448}\n')
    result = saddle("doctor", "gan")
    assert result.status == 0
    assert "nonfinite: The generator's loss was not finite once, first at step 7" in " ".join(result.out.split())
    found = json.loads(saddle("doctor", "gan", "--json").out)
    assert len(found["not_checked"]) == 2, "the run is young"
    assert found["findings"][0]["name"] == "nonfinite"


def test_doctor_still_reads_the_logs_where_the_data_is_gone(saddle: Saddle, runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "gan", tmp_path / "gan")
    manifest = json.loads((tmp_path / "gan/run.json").read_text())
    manifest["data"]["source"] = str(tmp_path / "gone")
    (tmp_path / "gan/run.json").write_text(json.dumps(manifest))
    result = saddle("doctor", "gan")
    assert result.status == 0
    assert "not compared" in result.out
    assert "gone" in result.out


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (12.4082, 0.3461, "12.41 ± 0.35"),
        (-0.002066, 0.029314, "-0.002 ± 0.029"),
        (104.0, 12.3, "104 ± 12"),
        (4.10421, None, "4.104"),
        (0.83301, None, "0.8330"),
        (12345.6, None, "12,346"),
        (0.0, None, "0.000"),
        (1.0, 0.0, "1.000 ± 0.000"),
        (float("inf"), None, "inf"),
    ],
)
def test_numbers_show_as_many_digits_as_they_carry(value: float, error: float | None, text: str) -> None:
    assert number(value, error) == text


def test_the_shared_protocol_holds_what_all_say_alike() -> None:
    shared, warnings = common(
        [
            {"n": 200, "k": 3, "features_sha256": "ab" * 32, "warnings": ["Few."]},
            {"n": 200, "features_sha256": "ab" * 32},
        ]
    )
    assert shared == {"n": 200, "features_sha256": "abababababab"}
    assert warnings == ["Few."]
