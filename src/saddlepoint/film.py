"""Pictures in a row as a film: GIF, MP4, or a PNG of the last."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable
from itertools import chain
from pathlib import Path

from PIL import Image

from saddlepoint.errors import UserError
from saddlepoint.files import replacing, save_png

ENDINGS = (".png", ".gif", ".mp4")
COLOURS = 128  # flat drawings need no more, and a file of them is half of one in full colour
HOLD = 2.0  # seconds that a GIF rests on its end before it starts again


def check(path: Path) -> None:
    """Refuse, before any work, a path that no film can be written to.

    Raises:
        UserError: another ending than .png, .gif or .mp4; or for .mp4 the program ffmpeg is missing.
    """
    if path.suffix.lower() not in ENDINGS or path.is_dir():
        raise UserError(f"--out {path} must be a file that ends in {', '.join(ENDINGS)}.")
    if path.suffix.lower() == ".mp4":
        _ffmpeg()


def write(draw: Callable[[int], Image.Image], frames: int, path: Path, *, fps: int = 12) -> Path:
    """Write frames 0, 1, ... that `draw` makes, all of one size in RGB, or for a PNG the last alone.

    Raises:
        UserError: as `check`.
    """
    check(path)
    last = draw(frames - 1)
    earlier = (draw(i) for i in range(frames - 1))
    match path.suffix.lower():
        case ".png":
            save_png(last.quantize(COLOURS, dither=Image.Dither.NONE), path)
        case ".gif":
            _gif(earlier, last, path, fps)
        case _:
            _mp4(chain(earlier, [last]), last.size, path, fps)
    return path


def _gif(earlier: Iterable[Image.Image], last: Image.Image, path: Path, fps: int) -> None:
    # One palette for all, the last frame's, which shows everything: colours do not flicker.
    end = last.quantize(COLOURS, dither=Image.Dither.NONE)
    shown = [frame.quantize(palette=end, dither=Image.Dither.NONE) for frame in earlier]
    durations = [1000 // fps] * len(shown) + [int(1000 * HOLD)]
    first, *rest = [*shown, end]
    with replacing(path) as temporary:
        first.save(temporary, "GIF", save_all=True, append_images=rest, duration=durations, loop=0, optimize=True)


def _mp4(frames: Iterable[Image.Image], size: tuple[int, int], path: Path, fps: int) -> None:
    width, height = (side - side % 2 for side in size)  # H.264 with halved colour takes even sides only
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}", "-r", str(fps), "-i", "-"]
    target = ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4"]
    with replacing(path) as temporary:
        command = [_ffmpeg(), "-y", "-loglevel", "error", *source, *target, str(temporary)]
        raw = b"".join(frame.crop((0, 0, width, height)).tobytes() for frame in frames)
        done = subprocess.run(command, input=raw, capture_output=True, check=False)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
            raise UserError(f"ffmpeg could not write {path}: {said[-1]}")


def _ffmpeg() -> str:
    found = shutil.which("ffmpeg")
    if not found:
        raise UserError(
            "MP4 needs the program ffmpeg (`apt install ffmpeg`, `brew install ffmpeg`); GIF needs nothing."
        )
    return found
