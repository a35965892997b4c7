"""`saddle report`: one page about a run, to read anywhere."""

from __future__ import annotations

from pathlib import Path

from saddlepoint.cli.common import Json, make_folder, print_json
from saddlepoint.errors import UserError


def report(run: Path, /, *, out: Path | None = None, as_json: Json = False) -> None:
    """Write one HTML file about a run, finished or not, that needs no network and no other file.

    Samples over the training, losses, scores with their protocol, nearest training images, an
    interpolation, config, environment, citation, and what `saddle doctor` finds.

    Example: saddle report runs/dcgan --out dcgan.html

    Args:
        run: The run's folder.
        out: The file to write; by default report.html in the run's folder.
    """
    from saddlepoint.environment import make_room
    from saddlepoint.files import write_text
    from saddlepoint.report.facts import collect
    from saddlepoint.report.page import page

    path = out or run / "report.html"
    if path.suffix.lower() not in (".html", ".htm") or path.is_dir():
        raise UserError(f"--out {path} must be a file that ends in .html.")
    make_room()
    facts = collect(run)
    make_folder("--out", path.parent)
    write_text(path, page(facts))
    if as_json:
        print_json({"run": run, "file": path, "missing": facts.missing})
    else:
        print(path)
