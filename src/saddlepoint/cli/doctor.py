"""`saddle doctor`: is this machine ready, and does that run look healthy?"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from saddlepoint.cli.common import Json, console, print_json


def doctor(run: Path | None = None, /, *, as_json: Json = False) -> None:
    """Check this machine; or read a run and say what looks wrong with it.

    Of a run, finished or not, it reads the logs and the weights and compares samples with the
    data: values that were not finite, a learning rate that diverges, a discriminator that won,
    collapse, memorisation, overfitting, too few images. The exit status is 0 whatever is found;
    programs read --json.

    Example: saddle doctor runs/dcgan

    Args:
        run: The run's folder; without one the machine is checked.
    """
    if run is None:
        _machine(as_json)
    else:
        _run(run, as_json)


def _machine(as_json: bool) -> None:
    from saddlepoint.environment import environment

    facts = environment(Path("runs"))
    if as_json:
        print_json([asdict(fact) for fact in facts])
        return
    width = max(len(fact.topic) for fact in facts)
    for fact in facts:
        print(f"{fact.topic:<{width}}  {fact.value}")
        if fact.advice:
            print(f"{'':<{width}}  -> {fact.advice}")


def _run(run: Path, as_json: bool) -> None:
    from rich.text import Text

    from saddlepoint.diagnosis import diagnose
    from saddlepoint.diagnosis.gather import gather

    evidence = gather(run)
    found = diagnose(evidence)
    if as_json:
        print_json({"run": run, "findings": [asdict(f) for f in found], "not_checked": evidence.missing})
        return
    out = console()
    for finding in found:
        style = "bold red" if finding.severity == "error" else "bold yellow"
        out.print(Text.assemble((finding.name, style), f": {finding.sentence}"))
    if not found:
        out.print("Nothing looks wrong" + (" in what could be checked." if evidence.missing else "."))
    for sentence in evidence.missing:
        out.print(Text(sentence))
