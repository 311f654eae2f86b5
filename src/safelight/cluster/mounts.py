"""Folders elsewhere (s3://bucket/scans) in a plan: a local folder of empty files stands for each.

A plan looks at names and at nothing else, so the names are all that is brought: results, masks and hint files are
chosen as among local files. The stand-in has the sizes of the files, and none of their bytes.
"""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safelight.cluster.extra import CLUSTER, needs
from safelight.errors import SafelightError
from safelight.ledger.rows import LEDGER

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://.*", re.DOTALL)


@dataclass(frozen=True)
class Mount:
    """A folder elsewhere, and the local one that stands for it. url: without a slash at its end."""

    folder: Path
    url: str


def is_url(text: str) -> bool:
    """Whether it names something elsewhere: s3://bucket/scans, file:///scans."""
    return bool(URL.fullmatch(text))


def opened(url: str) -> "tuple[AbstractFileSystem, str]":
    """The file system of a URL, and the path in it. Raises SafelightError for one that cannot be reached."""
    with needs("paths such as s3://"):
        from fsspec.core import url_to_fs
    try:
        system, path = url_to_fs(url)
    except (
        ImportError,
        ValueError,
    ) as error:  # a protocol that is unknown, or whose package is not installed
        raise SafelightError(f"{url} cannot be reached ({_first_line(error)}); {CLUSTER}") from None
    return system, str(path)


class StandIns:
    """The stand-ins of a command, in a temporary folder that is removed when it is closed."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="safelight-elsewhere-")
        self._whole: list[Mount] = []  # listed at every depth
        self._flat: list[Mount] = []  # with the files of one folder

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """All of them."""
        return (*self._whole, *self._flat)

    def __call__(self, url: str) -> Path:
        """What stands for a file or folder elsewhere; what is not there stands as a folder without files.

        A folder in one that has a stand-in already lies in that; one that holds another is listed without it: each
        file elsewhere stands once. Of a file, those beside it stand too. Raises SafelightError where it cannot be
        listed.
        """
        url = url.rstrip("/")
        above, _, name = url.rpartition("/")
        for mount in self._whole:
            if url == mount.url or url.startswith(f"{mount.url}/"):
                return mount.folder / url[len(mount.url) + 1 :]
        for mount in self._flat:
            if above == mount.url and (mount.folder / name).is_file():
                return mount.folder / name
        system, path = opened(url)
        try:
            if system.isfile(path):
                return self._listed(above, system.ls(path.rpartition("/")[0], detail=True), self._flat) / name
            files = system.find(path, detail=True).values() if system.exists(path) else ()
        except Exception as error:  # each file system has errors of its own
            raise SafelightError(
                f"{url} cannot be listed ({_first_line(error)}); check its name and your rights"
            ) from None
        return self._listed(url, files, self._whole)

    def _listed(self, url: str, files: Iterable[Mapping[str, Any]], mounts: list[Mount]) -> Path:
        """A new stand-in with these files, kept among `mounts`; its folder."""
        folder = Path(os.path.realpath(self._home.name), str(len(self.mounts)))
        folder.mkdir()
        apart = [f"{mount.url[len(url) + 1 :]}/" for mount in self._whole if mount.url.startswith(f"{url}/")]
        system, path = opened(url)
        root = path.rstrip("/")
        for facts in files:
            inner = str(facts["name"]).removeprefix(root).lstrip("/")
            if (
                facts.get("type") == "file"
                and ".." not in inner.split("/")
                and not inner.startswith(tuple(apart))
            ):
                _stand(folder / inner, facts.get("size"))
            if inner == LEDGER:
                system.get_file(facts["name"], str(folder / inner))
        mounts.append(Mount(folder, url))
        return folder

    def close(self) -> None:
        """Remove them."""
        self._home.cleanup()


def url_of(path: Path, mounts: Sequence[Mount]) -> str | None:
    """What a path of a plan stands for; None for a local file."""
    for mount in mounts:
        with contextlib.suppress(ValueError):
            inner = path.relative_to(mount.folder).as_posix()
            return mount.url if inner == "." else f"{mount.url}/{inner}"
    return None


def in_words(line: str, mounts: Sequence[Mount]) -> str:
    """A line to be read, with URLs in place of the folders that stand for them."""
    for mount in mounts:
        line = line.replace(str(mount.folder), mount.url)
    return line


def _stand(path: Path, size: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file, contextlib.suppress(OSError):  # larger than this file system allows
        os.ftruncate(file.fileno(), int(size or 0))


def _first_line(error: Exception) -> str:
    return " ".join((str(error).splitlines() or [type(error).__name__])[0].split())[:160]
