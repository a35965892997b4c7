"""The page about a run: from facts to one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from saddlepoint.assembly import spec_of
from saddlepoint.figures import Curves
from saddlepoint.metrics.number import number
from saddlepoint.report.chart import chart
from saddlepoint.report.facts import Facts
from saddlepoint.report.history import Score, newest
from saddlepoint.report.html import Html, details, image, join, pairs, section, table, tag
from saddlepoint.report.style import CSS

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""Has the browser itself refuse whatever is not in the file."""


def page(facts: Facts) -> str:
    """The whole file. Everything that was read from files is escaped."""
    head = join(
        [
            Html('<meta charset="utf-8">'),
            Html(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
            Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
            tag("title", f"{facts.name}: {facts.manifest['recipe']}"),
            tag("style", Html(CSS)),
        ]
    )
    body = tag(
        "main",
        _header(facts),
        section("What the doctor says", *_doctor(facts)),
        section("Samples", *_samples(facts.samples)),
        section("Scores", *_scores(facts.scores)),
        section("Training", *_training(facts.curves)),
        section("Nearest training images", *_neighbours(facts.neighbours)),
        section("Interpolation", *_interpolation(facts.interpolation)),
        section("Config", *_config(facts.manifest)),
        section("Environment", _environment(facts.manifest)),
        section("Cite", tag("pre", facts.citation)),
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _header(facts: Facts) -> Html:
    data, config = facts.manifest["data"], facts.manifest["config"]["data"]
    about: dict[str, Any] = {
        "Data": data["source"],
        "Examples": f"{_count(data.get('train', 'an unknown number'))} to train on: {spec_of(dict(facts.manifest))}",
        "Trained": f"{facts.images:,} images" + (f" in {facts.minutes:.1f} minutes" if facts.minutes else ""),
        "Can": ", ".join(facts.can),
        "Seed": facts.manifest["seed"],
    }
    if config.get("labels"):
        about["Labels"] = f"of {config['labels']} examples"
    return tag(
        "header",
        tag("h1", facts.name),
        tag("p", tag("strong", facts.manifest["recipe"]), ": ", facts.summary),
        pairs(about.items()),
    )


def _doctor(facts: Facts) -> Iterable[Html]:
    for finding in facts.findings:
        yield tag("p", tag("strong", finding.name), ": ", finding.sentence, class_=f"finding {finding.severity}")
    if not facts.findings:
        yield tag("p", "Nothing looks wrong", " in what could be checked." if facts.missing else ".")
    for sentence in facts.missing:
        yield tag("p", sentence, class_="dim")


def _samples(samples: Mapping[int, bytes]) -> Iterable[Html]:
    """The newest sheet, and below it the way there."""
    if not samples:
        return
    *before, last = samples
    yield image(samples[last], "Samples", f"After {last:,} images. Every sheet is drawn from the same latents.")
    if before:
        yield tag("div", *(image(samples[i], f"Samples after {i}", f"{i:,}") for i in before), class_="film")


def _scores(scores: Iterable[Score]) -> Iterable[Html]:
    """The newest of each, their protocols, and how those taken during training went."""
    last = newest(scores)
    if not last:
        return
    yield table(
        ("", "value", "floor", "reference", "n", "weights", "after images"),
        (
            (
                s.measured.label(),
                _number(s.measured.value, s.measured.error),
                _number(s.floor.value, s.floor.error) if s.floor else "",
                s.measured.protocol.get("reference", ""),
                _count(s.measured.protocol.get("n", "")),
                s.measured.protocol.get("weights", ""),
                f"{s.images:,}",
            )
            for s in last
        ),
    )
    if any(s.floor for s in last):
        floor = "The floor is real data against real data: the best that a model could reach with so many samples."
        yield tag("p", floor, class_="dim")
    warnings = dict.fromkeys(str(w) for s in last for w in s.measured.protocol.get("warnings") or ())
    yield join(tag("p", warning, class_="dim") for warning in warnings)
    protocols = ((s.measured.label(), pairs(_without(s.measured.protocol, "warnings"))) for s in last)
    yield details("Whole protocols", *(join([tag("h3", label), known]) for label, known in protocols))
    over: dict[str, tuple[list[float], list[float]]] = {}
    for s in scores:
        images, values = over.setdefault(f"{s.measured.label()}, {s.measured.protocol.get('reference')}", ([], []))
        images.append(s.images)
        values.append(s.measured.value)
    drawn = [chart(title, {title: line}) for title, line in over.items() if len(set(line[0])) > 1]
    yield tag("div", *drawn, class_="charts") if drawn else Html()


def _training(curves: Mapping[str, Curves]) -> Iterable[Html]:
    """Losses and what the discriminator finds real first; all else that was logged folded away."""
    first = [chart("loss", curves["loss"])] if "loss" in curves else []
    first += _judged(curves)
    yield tag("div", *first, class_="charts") if first else Html()
    others = [chart(term, lines) for term, lines in curves.items() if term not in ("loss", "d_real", "d_fake")]
    yield details("Whatever else was logged", tag("div", *others, class_="charts")) if others else Html()


def _judged(curves: Mapping[str, Curves]) -> Iterable[Html]:
    """D(x) and D(G(z)) of each player that logs them, from 0 to 1 if they are probabilities."""
    real, fake = curves.get("d_real", {}), curves.get("d_fake", {})
    for player in dict.fromkeys([*real, *fake]):
        lines = {name: of[player] for name, of in (("D(x)", real), ("D(G(z))", fake)) if player in of}
        sure = all(0 <= v <= 1 for _, values in lines.values() for v in values)
        yield chart(f"{player}: D(x) and D(G(z))", lines, (0.0, 1.0) if sure else None)


def _neighbours(picture: bytes | None) -> Iterable[Html]:
    if picture:
        caption = "Each row: a sample, and the training images nearest to it. A copy shows at a glance."
        yield image(picture, "Samples beside their nearest training images", caption)


def _interpolation(picture: bytes | None) -> Iterable[Html]:
    if picture:
        yield image(picture, "Interpolations", "Each row leads from one latent to another.")


def _config(manifest: Mapping[str, Any]) -> Iterable[Html]:
    titles = {"recipe": "Recipe", "train": "Training", "data": "Data"}
    budget = {f"budget: {key}": value for key, value in manifest["budget"].items() if value is not None}
    for key, title in titles.items():
        values = manifest["config"][key] | (budget if key == "train" else {})
        yield details(title, pairs(values.items()))


def _environment(manifest: Mapping[str, Any]) -> Html:
    keys = ("device", "precision", "threads", "processes", "started")
    about = {key: manifest[key] for key in keys if key in manifest} | manifest["versions"]
    if isinstance(command := manifest.get("command"), list):
        about["command"] = " ".join(["saddle", *map(str, command[1:])])
    about["data fingerprint"] = manifest["data"]["fingerprint"]
    return pairs(about.items())


def _without(protocol: Mapping[str, Any], left_out: str) -> Iterable[tuple[str, Any]]:
    return ((key, value) for key, value in protocol.items() if key != left_out)


def _count(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _number(value: float, error: float | None) -> Html:
    return tag("span", number(value, error), class_="number")
