"""Progress on standard error, of commands and of training: bars or a spinner on a terminal, a few lines in a log.

rich is imported where there is a terminal: a script that runs a command for each photo does not wait for it.
"""

import sys
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn, TaskID


class Bars:
    """A bar for each stage of a command, on standard error while that is a terminal. Use it in a `with`."""

    def __init__(self) -> None:
        self._progress = _bars() if sys.stderr and sys.stderr.isatty() else None
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
        self._progress = _spinner() if sys.stderr.isatty() else None
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


def counting_bars(
    console: "Console",
    *columns: "ProgressColumn",
    width: int | None = 40,
    per_second: float = 10,
    transient: bool = True,
) -> "Progress":
    """Bars that count: description, bar, "3/20", then these columns. transient: gone when they are stopped."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    first = (TextColumn("{task.description}"), BarColumn(width), MofNCompleteColumn())
    return Progress(*first, *columns, console=console, refresh_per_second=per_second, transient=transient)


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import TimeRemainingColumn

    return counting_bars(Console(stderr=True), TimeRemainingColumn())


def _spinner() -> "Progress":
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
