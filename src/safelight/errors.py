"""Errors that a user can act on: each says what was found, what was expected and what to do."""

from pathlib import Path

INSTALL_TRAINING = (
    'pip install ".[train]" in safelight\'s folder'  # what a message says where torch is missing
)
INSTALL_DARKROOM = 'pip install ".[darkroom]" in safelight\'s folder'  # what serves the page
INSTALL_FORMATS = 'pip install ".[formats]" in safelight\'s folder'  # what reads HEIC


class SafelightError(ValueError):
    """A mistake in what was given. The message is one line; the command line prints it without a traceback."""


class PhotoError(SafelightError):
    """A file is not a picture that can be read, or is too large, or would be overwritten."""


class EmptyMaskError(PhotoError):
    """A mask in which nothing is missing."""


class HintError(SafelightError):
    """A hint, or a hint file, does not hold together."""


class ProjectError(SafelightError):
    """A project file does not hold together, or is of another photo."""


class DatasetError(SafelightError):
    """A folder of pictures cannot serve as a dataset."""


class RecipeError(SafelightError):
    """A training setting is unknown, ill-typed, or cannot work with another."""


class ModelError(SafelightError):
    """A model file or its card is missing, damaged, or made for something else."""


class RunError(SafelightError):
    """A run folder is missing, incomplete, or in use."""


NO_MEMORY = "more memory is needed than there is; give it less at a time, or free some"
_OF_MEMORY = (  # what libraries say of it, each in its own kind of error
    "failed to map segment",  # a library that is loaded (ImportError)
    "cannot allocate memory",
    "insufficient memory",  # OpenCV
    "failed to allocate memory",  # ONNX Runtime
    "bad_alloc",
    "can't start new thread",
)


def is_of_memory(error: BaseException) -> bool:
    """Whether an error, of whatever kind, says that memory was not enough."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(words in said for words in _OF_MEMORY)


MOST_LETTERS = 60  # of a wrong value that are shown


def in_short(value: object) -> str:
    """A wrong value in a message: one line, its end left out where it is long."""
    try:
        said = " ".join(repr(value).split())
    except ValueError:  # Python writes no whole number of more than 4,300 digits
        return "a number of thousands of digits"
    return said if len(said) <= MOST_LETTERS else f"{said[:MOST_LETTERS]}…"


def shown(path: str | Path) -> str:
    """A path as one printable line, whatever bytes its name is made of."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in str(path)
    )
