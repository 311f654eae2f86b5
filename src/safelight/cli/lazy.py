"""Commands that are imported when they are used, and what they import, when that is used.

`safelight --help` imports no command, and the help of a command neither NumPy nor torch. Command modules import at
their top, as modules do everywhere; they import heavy things as modules (`from safelight.pixels import files`, not
`from safelight.pixels.files import read_photo`), as it is their first use that loads them.
"""

import gc
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from threading import RLock
from types import ModuleType
from typing import Any, NamedTuple

import click

PATIENCE = 60.0  # seconds: two threads that wait for each other's imports must not wait for ever
RUNNING = "__running__"  # in a module that is being run
_turn = RLock()  # of who runs lazy modules


class Entry(NamedTuple):
    """A command that is not imported yet: "module:attribute" and its line in the help."""

    target: str
    short_help: str


class LazyGroup(click.Group):
    """A group whose commands stand in a table: heading of the help -> name -> entry. Each is imported on use."""

    def __init__(
        self,
        name: str,
        *,
        sections: Mapping[str, Mapping[str, Entry]],
        help: str,
        context_settings: dict[str, object],
    ) -> None:
        super().__init__(name, help=help, context_settings=context_settings)
        self.sections = sections

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table."""
        return [name for section in self.sections.values() for name in section]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of this name, imported now; None if there is none."""
        for section in self.sections.values():
            if name in section:
                module, _, attribute = section[name].target.partition(":")
                with lazy_imports():
                    command = getattr(import_module(module), attribute)
                assert isinstance(command, click.Command)
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """A list for each heading, written from the table alone."""
        widest = max(map(len, self.list_commands(ctx)))
        for heading, section in self.sections.items():
            with formatter.section(heading):
                formatter.write_dl(
                    [(name.ljust(widest), entry.short_help) for name, entry in section.items()]
                )


class _LazyModule(ModuleType):
    """A module that is run when one of its names is looked up.

    Names in double underscores do not count: `inspect`, which torch calls, asks every module for its `__file__`. (It
    is why importlib's LazyLoader does not serve.)
    """

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("__"):
            return ModuleType.__getattribute__(self, name)
        # Photos are worked on in threads: one that comes second waits until the module is whole.
        has_turn = _turn.acquire(timeout=PATIENCE)
        try:
            _run(self)
        finally:
            if has_turn:
                _turn.release()
        return ModuleType.__getattribute__(self, name)


def _run(module: ModuleType) -> None:
    """Run a lazy module, unless it has been run meanwhile, or this thread is at it: as one that is being imported."""
    loader = module.__spec__.loader if module.__spec__ else None
    if module.__class__ is ModuleType or RUNNING in module.__dict__:
        return
    assert loader is not None
    module.__dict__[RUNNING] = True
    try:
        with _uncollected():
            loader.exec_module(module)
    finally:
        del module.__dict__[RUNNING]
    module.__class__ = ModuleType


@contextmanager
def _uncollected() -> Iterator[None]:
    """No search for cycles in here, nor later through what was made in here: what a module makes stays."""
    is_outermost = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_outermost:
            gc.freeze()
            gc.enable()


class _LazyLoader(Loader):
    """Leaves the work of a loader to the first use of the module."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """As the loader does."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing yet."""
        assert module.__spec__ is not None
        module.__spec__.loader = module.__loader__ = self.loader
        module.__class__ = _LazyModule


class _LazyFinder(MetaPathFinder):
    """Finds the modules of safelight."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """None, so that Python looks further, for any other module, and for packages, whose files are empty."""
        spec = PathFinder.find_spec(fullname, path) if fullname.startswith("safelight.") else None
        if spec and spec.loader and spec.submodule_search_locations is None:
            spec.loader = _LazyLoader(spec.loader)
        return spec


@contextmanager
def lazy_imports() -> Iterator[None]:
    """What is imported in here is loaded when it is first used, as Python 3.15's `lazy import` does (PEP 810)."""
    finder = _LazyFinder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
