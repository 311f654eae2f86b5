"""Standard output and standard error that end no work: closed, full, or with nobody who reads them any more."""

import contextlib
import errno
import io
import os
import sys
from typing import TextIO


class LastingFile(io.RawIOBase):
    """A file that takes everything: the first error is kept, and what is written from then on is lost."""

    def __init__(self, file: io.RawIOBase) -> None:
        self.error: OSError | None = None
        self._file = file

    def writable(self) -> bool:
        """As io asks."""
        return True

    def write(self, data: object) -> int:
        """Write; the number of bytes that are dealt with, all of them once there was an error."""
        if self.error is None:
            try:
                written = self._file.write(data)  # type: ignore[arg-type]
                return 0 if written is None else written
            except OSError as error:
                self.error = error
        return memoryview(data).nbytes  # type: ignore[arg-type]

    def fileno(self) -> int:
        """That of the file."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Whether the file is a terminal."""
        return self._file.isatty()


def make_lasting() -> tuple[LastingFile | None, LastingFile | None]:
    """Make sys.stdout and sys.stderr lasting; what stands behind them (None where they are replaced by others).

    Streams that were closed (2>&-) lead nowhere from then on. Left closed, their numbers would be given to the next
    files that are opened, and what a library prints would be written into a photo.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
    sys.stdout, out = _lasting(sys.stdout, 1)
    sys.stderr, err = _lasting(sys.stderr, 2)
    return out, err


def _lasting(stream: TextIO | None, number: int) -> tuple[TextIO, LastingFile | None]:
    if stream is None:  # it was closed when Python started
        stream = open(number, "w", encoding="utf-8", errors="replace", closefd=False)  # noqa: SIM115
    buffer = stream.buffer if isinstance(stream, io.TextIOWrapper) else None
    file = (
        buffer.raw if isinstance(buffer, io.BufferedWriter) else buffer
    )  # with PYTHONUNBUFFERED there is none
    if not isinstance(file, io.RawIOBase):
        return stream, None
    with contextlib.suppress(OSError):
        stream.flush()
    raw = LastingFile(file)
    lines = number == 2 or stream.isatty()
    text = io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors="replace",  # a file name may hold bytes that are no text
        line_buffering=lines,
        write_through=isinstance(buffer, io.RawIOBase),
    )
    _ORIGINALS.append(stream)
    return text, raw


_ORIGINALS: list[TextIO] = []  # kept open: what stands behind a lasting stream is closed with it


def write_error(output: LastingFile | None) -> str | None:
    """Why what was written to standard output did not arrive; None if it did, or nobody wanted it any more."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    if output is None or output.error is None:
        return None
    return "" if output.error.errno == errno.EPIPE else output.error.strerror or str(output.error)
