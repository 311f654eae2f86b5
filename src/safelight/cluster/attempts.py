"""Photos that end the process which works on them are found out, so that a block is not tried again for ever.

Ray does the block of a worker that died again, on another one, without a limit. The first time a block is begun a
marker of it is left in the batch's folder. Where that is found, each photo is marked before it is begun; one that
has its mark already is not tried a third time.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from safelight.cluster.mounts import opened


@dataclass(frozen=True)
class Attempts:
    """The markers of one run. folder: a path or URL that every worker reaches. run: the run's own name."""

    folder: str
    run: str

    @contextmanager
    def block(self, ids: Sequence[int]) -> Iterator[bool]:
        """Work on a block inside; True if that was begun before."""
        name = f"block-{min(ids)}-{len(ids)}"
        again = self._is_there(name)
        self._leave(name)
        yield again
        self._remove(name)

    @contextmanager
    def photo(self, number: int) -> Iterator[bool]:
        """Work on a photo of a block that was begun before; True if this photo ended its worker already."""
        name = f"photo-{number}"
        ended = self._is_there(name)
        if not ended:
            self._leave(name)
        yield ended
        self._remove(name)

    def _path(self, name: str) -> str:
        return f"{self.folder}/{self.run}-{name}"

    def _is_there(self, name: str) -> bool:
        system, path = opened(self._path(name))
        return bool(system.exists(path))

    def _leave(self, name: str) -> None:
        system, path = opened(self._path(name))
        system.makedirs(path.rpartition("/")[0], exist_ok=True)
        system.pipe_file(path, b"begun\n")

    def _remove(self, name: str) -> None:
        system, path = opened(self._path(name))
        if system.exists(path):
            system.rm_file(path)
