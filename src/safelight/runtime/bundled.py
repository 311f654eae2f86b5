"""Where the bundled models lie: beside this code, or, where the package is in a zip, in a copy for this process."""

import atexit
import shutil
import tempfile
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

NAME = "weights"


def weights_folder() -> Path:
    """The folder of the bundled models."""
    folder = Path(__file__).with_name(NAME)
    if folder.is_dir():
        return folder
    packed = files(__package__) / NAME
    return _copied(packed) if packed.is_dir() else folder


def _copied(packed: Traversable) -> Path:
    """The files in a folder of their own, which goes when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="safelight-weights-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for file in packed.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder
