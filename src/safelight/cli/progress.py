"""What a long command shows while it works: bars on a terminal; in a log, only what went wrong."""

import sys
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bars:
    """A bar for each stage of a command, on standard error while that is a terminal. Use it in a `with`."""

    def __init__(self) -> None:
        self._progress = _terminal_progress() if sys.stderr and sys.stderr.isatty() else None
        self._stages: dict[str, TaskID] = {}

    def show(self, stage: str, done: int, total: int) -> None:
        """This much of this stage is done."""
        if self._progress is None:
            return
        if stage not in self._stages:
            self._stages[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._stages[stage], completed=done, total=total)

    def say(self, line: str) -> None:
        """A line that stays, above the bars."""
        if self._progress is None:
            click.echo(line, err=True)
        else:
            self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def __enter__(self) -> "Bars":
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()


BEAT = 5.0  # seconds: nobody waits longer without a sign


class Stages:
    """What a command is doing, where it cannot count: a spinner on a terminal, in a log a line each five seconds.

    Use it in a `with`, and call it with the name of each stage as that begins.
    """

    def __init__(self, beat: float = BEAT) -> None:
        self._progress = _terminal_stages() if sys.stderr.isatty() else None
        self._task: TaskID | None = None
        self._beat, self._stage, self._began, self._done = beat, "", 0.0, Event()
        self._log = Thread(target=self._tell, daemon=True)

    def __call__(self, stage: str) -> None:
        """This stage begins."""
        self._stage, self._began = stage, monotonic()
        if self._progress is None:
            return
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._task = self._progress.add_task(stage, total=None)

    def _tell(self) -> None:
        while not self._done.wait(self._beat):
            if self._stage:
                click.echo(f"{self._stage}: {monotonic() - self._began:.0f} s", err=True)

    def __enter__(self) -> "Stages":
        if self._progress is not None:
            self._progress.start()
        else:
            self._log.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._progress is not None:
            self._progress.stop()
        else:
            self._log.join()


def _terminal_stages() -> "Progress":
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)


def _terminal_progress() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
