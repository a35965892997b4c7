"""The command line: which commands there are, and what a failure looks like.

Exit status: 0; 2 the user's mistake, said in one sentence; 1 ours, with a traceback; 130 and 143 stopped by
SIGINT and SIGTERM.
"""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper
from typing import Literal

from cyclopts import App, CycloptsError, Parameter, UnknownOptionError
from cyclopts.completion import ShellDetectionError

from saddlepoint import __version__
from saddlepoint.cli.cite import cite
from saddlepoint.cli.classify import classify
from saddlepoint.cli.compare import compare
from saddlepoint.cli.complete import complete
from saddlepoint.cli.data import data
from saddlepoint.cli.doctor import doctor
from saddlepoint.cli.evaluate import evaluate
from saddlepoint.cli.explore import explore
from saddlepoint.cli.info import info
from saddlepoint.cli.lab import lab
from saddlepoint.cli.latent import latent
from saddlepoint.cli.ls import ls
from saddlepoint.cli.report import report
from saddlepoint.cli.reproduce import reproduce
from saddlepoint.cli.resume import resume
from saddlepoint.cli.sample import sample
from saddlepoint.cli.train import as_key, train
from saddlepoint.errors import LostProcessError, NonFiniteError, UserError
from saddlepoint.files import REFUSALS

# These modules import torch, pydantic and the like only inside their functions: `saddle --help` stays quick.

HELP = """Train, sample, judge and explore deep generative models.

Example: saddle train dcgan --data digits --minutes 2

Every command has `--help` with an example."""

app = App(
    name="saddle",
    help=HELP,
    help_format="plaintext",
    version=__version__,
    default_parameter=Parameter(negative=()),
    suppress_keyboard_interrupt=False,
)
app.command(ls)
app.command(info)
app.command(train, usage="Usage: saddle train [OPTIONS] NAME [KEY=VALUE...]")
app.command(resume)
app.command(sample)
app.command(complete)
app.command(evaluate)
app.command(classify)
app.command(compare, usage="Usage: saddle compare [OPTIONS] RUN RUN...")
app.command(report)
app.command(reproduce)
app.command(explore)
app.command(lab)
app.command(latent)
app.command(data)
app.command(cite)
app.command(doctor)


@app.command(name="--install-completion")
def install_completion(shell: Literal["bash", "zsh", "fish"] | None = None) -> None:
    """Install completion for your shell.

    Example: saddle --install-completion --shell bash

    Args:
        shell: By default the shell that runs this.
    """
    print(f"Installed in {app.install_completion(shell=shell)}; it works from the next shell on.")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; returns the exit status."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show "≥" shows "?" and goes on
    try:
        status = app(arguments, exit_on_error=False, print_error=False, result_action="return_value")
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("saddle: stopped.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output left (`saddle ls | head -1`): nothing more to say, at exit neither.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except (NonFiniteError, LostProcessError) as error:
        return _fail(str(error), 1)
    except Exception as error:
        if mistake := _mistake(error):
            return _fail(mistake, 2)
        traceback.print_exc()
        return _fail(f"this is a bug, please report it: {_line(repr(error))}", 1)
    return status if isinstance(status, int) else 0


def _fail(message: str, status: int) -> int:
    """Say what happened, and which process says so where there are several."""
    rank = os.environ.get("RANK", "0")
    print(f"saddle, process {rank}: {message}" if rank != "0" else f"saddle: {message}", file=sys.stderr, flush=True)
    distributed = sys.modules.get("torch.distributed")
    if distributed and distributed.is_available() and distributed.is_initialized():
        os._exit(status)  # what still waits for another process, in a thread or on a device, would wait at exit too
    return status


def _mistake(error: Exception) -> str | None:
    """What the user did wrong, on one line; None if it was us."""
    if isinstance(error, UserError):
        return _line(str(error))
    if isinstance(error, CycloptsError):
        return _slip(error) or _line(str(error).partition(" Available commands:")[0])
    if isinstance(error, ShellDetectionError):
        return "it cannot be told which shell this is: name it, as in --install-completion --shell bash."
    if isinstance(error, OSError) and error.errno in REFUSALS:
        return f"{error.filename or 'the disk'}: {os.strerror(error.errno or 0).lower()}."
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):  # numpy's, and torch's on a CPU
        return "this machine is out of memory: lower batch, or set micro_batch to accumulate in smaller parts."
    torch = sys.modules.get("torch")  # a command that never loaded it cannot have run out of its memory
    if torch and isinstance(error, torch.OutOfMemoryError):
        return "the device is out of memory: lower batch, or set micro_batch to accumulate in smaller parts."
    return None


def _slip(error: CycloptsError) -> str | None:
    """What to write instead of a flag that is none, if `saddle train` takes it in another form."""
    if not isinstance(error, UnknownOptionError) or tuple(error.command_chain or ()) != ("train",):
        return None
    return as_key(error.token.keyword or error.token.value, error.root_input_tokens or ())


def _line(message: str) -> str:
    """The message on one line, without the links to libraries' documentation."""
    message = re.sub(r"(For further information visit )?https?://errors\.pydantic\.dev/\S+", "", message)
    return " ".join(message.split())
