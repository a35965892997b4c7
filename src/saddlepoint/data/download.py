"""The published sets: fetched once, on request, and trusted only if their sha256 is the known one."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import os
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.data.cache import sweep
from saddlepoint.data.parallel import Progress
from saddlepoint.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Remote:
    """A file on the net."""

    url: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        return self.url.rpartition("/")[2]


@dataclass(frozen=True, kw_only=True)
class Published:
    """A well-known set. `classes` names the labels 0, 1, ..."""

    files: tuple[Remote, ...]
    classes: tuple[str, ...]


def _files(base: str, *files: tuple[str, int, str]) -> tuple[Remote, ...]:
    return tuple(Remote(url=base + name, size=size, sha256=sha256) for name, size, sha256 in files)


PUBLISHED: dict[str, Published] = {
    # LeCun, Cortes, Burges. The authors' own page no longer serves the files; this is PyTorch's mirror.
    "mnist": Published(
        files=_files(
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            (
                "train-images-idx3-ubyte.gz",
                9_912_422,
                "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            ),
            ("train-labels-idx1-ubyte.gz", 28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
            (
                "t10k-images-idx3-ubyte.gz",
                1_648_877,
                "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            ),
            ("t10k-labels-idx1-ubyte.gz", 4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
        ),
        classes=tuple("0123456789"),
    ),
    # Xiao, Rasul, Vollgraf 2017 (arXiv 1708.07747).
    "fashion-mnist": Published(
        files=_files(
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            (
                "train-images-idx3-ubyte.gz",
                26_421_880,
                "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            ),
            ("train-labels-idx1-ubyte.gz", 29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
            (
                "t10k-images-idx3-ubyte.gz",
                4_422_102,
                "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            ),
            ("t10k-labels-idx1-ubyte.gz", 5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
        ),
        classes=(
            *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
            *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
        ),
    ),
    # Krizhevsky 2009. The binary version, because the Python version is pickled.
    "cifar10": Published(
        files=_files(
            "https://www.cs.toronto.edu/~kriz/",
            ("cifar-10-binary.tar.gz", 170_052_171, "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"),
        ),
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    ),
}


def fetch(name: str, root: Path, *, offline: bool, progress: Progress) -> list[Path]:
    """The files of a published set, in `root/name`, downloading those that are not there.

    Raises:
        UserError: offline, the net fails, or a file is not the published one.
    """
    folder = root / name
    return [_fetch(name, remote, folder / remote.name, offline, progress) for remote in PUBLISHED[name].files]


def _fetch(name: str, remote: Remote, path: Path, offline: bool, progress: Progress) -> Path:
    if path.exists():
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != remote.sha256:
            raise UserError(f"{path} is not the published file (sha256 {found[:12]}...): delete it.")
        return path
    by_hand = f"download {remote.url} ({remote.size / 1e6:.1f} MB) to {path}"
    if offline:
        raise UserError(
            f"{name} is not on this machine and --offline forbids fetching it: leave that out, or {by_hand}."
        )
    part = path.with_name(f".part-{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path.parent)
        found = _download(remote, part, progress)
        if found != remote.sha256:
            raise UserError(
                f"{remote.url} gave {part.stat().st_size:,} bytes with the sha256 {found[:12]}..., which is not the "
                f"published file ({remote.size:,} bytes, {remote.sha256[:12]}...): try again, or {by_hand}."
            )
        os.replace(part, path)
    except (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError) as error:
        reason = getattr(error, "reason", error)
        raise UserError(
            f"{name} could not be fetched from {remote.url} ({reason}): try again, or {by_hand}."
        ) from error
    except OSError as error:
        raise UserError(f"{path.parent} cannot be written ({error.strerror or error}): set SADDLE_CACHE.") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return path


def _download(remote: Remote, part: Path, progress: Progress) -> str:
    """Write the file and return its sha256."""
    digest, done = hashlib.sha256(), 0
    what = f"downloading {remote.url} ({remote.size / 1e6:.1f} MB)"
    with urllib.request.urlopen(remote.url, timeout=30) as response, part.open("wb") as file:
        progress(0, remote.size, what)
        while block := response.read(2**20):
            done += len(block)
            if done > remote.size:
                break  # not the file we know, whatever follows
            file.write(block)
            digest.update(block)
            progress(done, remote.size, what)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()
