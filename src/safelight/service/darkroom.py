"""All that a service holds: models, open photos and what is kept of them, jobs, and threads for quick answers."""

import asyncio
import contextlib
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from starlette.requests import Request

from safelight.batch.memory import Room, needed_for
from safelight.batch.work import Order, Worker, worker_of
from safelight.errors import ModelError, SafelightError
from safelight.pixels.opening import limited
from safelight.runtime.kept import Kept, keeping
from safelight.runtime.modelfile import MODEL, ModelFile, find_model
from safelight.runtime.names import is_photo
from safelight.service import problems
from safelight.service.jobs import Jobs
from safelight.service.limits import Limits, processors
from safelight.service.metrics import Metrics
from safelight.service.photos import Item, Shelf, photo_json
from safelight.service.previews import shown_size
from safelight.service.priority import step_back
from safelight.service.problems import ProblemError
from safelight.tasks.colorize.live import CutModel, LiveColors
from safelight.tasks.colorize.restore import Colorizer
from safelight.tasks.inpaint.restore import Filler
from safelight.tasks.scratches.restore import ScratchFinder
from safelight.watched import StoppedError, Watch, watched

T = TypeVar("T")
LOOK_AGAIN = 0.1  # seconds after which a quick answer is asked whether anybody still waits for it


class Waiters:
    """Work for which a client waits: a few threads, a bounded number that wait, stopped when the client goes.

    threads, waiting: how many are worked on, and how many may wait beside these.
    """

    def __init__(self, threads: int, waiting: int, limits: Limits) -> None:
        self._pool = ThreadPoolExecutor(threads, "safelight-answer", initializer=step_back)
        self._most, self._seconds, self._megapixels = threads + waiting, limits.seconds, limits.megapixels
        self.count = 0

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, request: Request, work: Callable[[], T]) -> T:
        """What the work gives. Raises ProblemError where too many wait, the client goes, or it takes too long."""
        if self.count >= self._most:
            raise problems.busy()
        watch = Watch()

        def watched_work() -> T:
            with watched(watch), limited(self._megapixels):
                watch.check()
                return work()

        self.count += 1
        loop = asyncio.get_running_loop()
        task = loop.run_in_executor(self._pool, watched_work)
        task.add_done_callback(self._ended)
        end = loop.time() + self._seconds
        try:
            while not (await asyncio.wait({task}, timeout=LOOK_AGAIN))[0]:
                if await request.is_disconnected():
                    watch.stop()
                elif loop.time() > end:
                    raise ProblemError(504, f"it takes longer than {self._seconds:g} s")
            return task.result()
        except StoppedError:
            raise ProblemError(503, "the request was given up", {"Retry-After": "1"}) from None
        finally:
            watch.stop()

    def _ended(self, task: "asyncio.Future[Any]") -> None:
        self.count -= 1
        error = None if task.cancelled() else task.exception()
        if error:
            problems.of_error(error)  # where the client is gone nobody else asks, and a fault is to be logged


class Models:
    """The models of a service, each opened at its first use. Names or paths; None is the bundled one.

    kept: those of workers, on one thread each, as the commands have them.
    """

    def __init__(
        self, color: str | None = None, fill: str | None = None, scratches: str | None = None
    ) -> None:
        self.names = {"color": color, "fill": fill, "scratches": scratches}
        self._lock = threading.RLock()
        self.kept = Kept()

    @cached_property
    def color_file(self) -> ModelFile:
        """The file of the colorizer."""
        return find_model(self.names["color"] or MODEL, "colorize")

    @cached_property
    def _colorizer(self) -> Colorizer:
        return Colorizer(self.color_file)

    @cached_property
    def _cut(self) -> CutModel | None:
        with contextlib.suppress(ValueError):  # it cannot be cut: it answers whole
            return CutModel(self.color_file)
        return None

    @cached_property
    def _filler(self) -> Filler:
        from safelight.tasks.inpaint.restore import load_filler

        return load_filler(self.names["fill"])

    @cached_property
    def _finder(self) -> ScratchFinder:
        from safelight.tasks.scratches.restore import load_finder

        return load_finder(self.names["scratches"])

    @property
    def colorizer(self) -> Colorizer:
        """The colorizer."""
        with self._lock:
            return self._colorizer

    @property
    def cut(self) -> CutModel | None:
        """The colorizer's network in parts, if it can be cut."""
        with self._lock:
            return self._cut

    @property
    def filler(self) -> Filler:
        """The filler."""
        with self._lock:
            return self._filler

    @property
    def finder(self) -> ScratchFinder:
        """The finder of scratches."""
        with self._lock:
            return self._finder

    def worker(self, order: Order) -> Worker:
        """As `worker_of`, with models that stay open. Raises SafelightError."""
        with keeping(self.kept):
            return worker_of(order)

    def close(self) -> None:
        """Let go of those that are open, and of the memory that their sessions keep."""
        self.kept.clear()
        with self._lock:
            for name in ("_colorizer", "_cut", "_filler", "_finder"):
                self.__dict__.pop(name, None)

    def check(self) -> None:
        """Raises ModelError for a model that is not there, before anything is served."""
        tasks = {"color": "colorize", "fill": "fill", "scratches": "scratches"}
        for kind, name in self.names.items():
            if name is not None:
                find_model(name, tasks[kind])

    def to_json(self) -> dict[str, Any]:
        """Which models answer: names and checksums."""
        found = {}
        for kind, task in (("color", "colorize"), ("fill", "fill"), ("scratches", "scratches")):
            with contextlib.suppress(ModelError):
                card = find_model(self.names[kind] or kind, task).card
                found[kind] = {"name": card.name, "sha256": card.sha256}
        return found


class Darkroom:
    """One service: made before it is served, closed after it."""

    def __init__(self, limits: Limits, models: Models, photos: Iterable[Path] = ()) -> None:
        self.limits, self.models = limits, models
        self.folder = Path(tempfile.mkdtemp(prefix="safelight-darkroom-"))
        self.shelf = Shelf(self.folder, limits)
        self.jobs = Jobs(limits)
        self.metrics = Metrics()
        self._live: OrderedDict[str, LiveColors] = OrderedDict()
        self._live_lock = threading.Lock()
        self.memory = Room()
        self._warming: threading.Thread | None = None
        self._closing = False
        self.quick = Waiters(max(2, processors()), limits.short_waiting, limits)
        self.slow = Waiters(limits.workers, limits.waiting, limits)
        for path in photos:
            self.shelf.add(path, path.name, "command line")
        self.metrics.gauge("jobs_waiting", "Jobs that wait.", lambda: self.jobs.counts[0])
        self.metrics.gauge("jobs_running", "Jobs that run.", lambda: self.jobs.counts[1])
        self.metrics.gauge(
            "quick_waiting", "Quick answers that wait or are worked on.", lambda: self.quick.count
        )
        self.metrics.gauge("photos_open", "Photos on the shelf.", lambda: len(list(self.shelf)))

    def close(self) -> None:
        """Stop all work, remove what was uploaded, and let go of the models.

        Waits for those that are being opened: libraries abort a process that ends around them. FastAPI keeps the
        functions of its routes, and so this object, for as long as the process lives.
        """
        self._closing = True
        self.quick.close()
        self.slow.close()
        self.jobs.close()
        self.warmed()
        with self._live_lock:
            self._live.clear()
        self.models.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def warm(self, also: Callable[[], object]) -> None:
        """Open the colorizer in the background, so that the first photo does not wait for it; then something else."""

        def work() -> None:
            with contextlib.suppress(SafelightError):  # told to whoever asks for colors
                if self.models.colorizer and not self._closing:
                    _ = self.models.cut
            if not self._closing:
                also()

        self._warming = threading.Thread(target=work, daemon=True)
        self._warming.start()

    def warmed(self) -> None:
        """Wait until all is open that `warm` opens."""
        if self._warming:
            self._warming.join()

    @contextlib.contextmanager
    def space(self, item: Item) -> Iterator[None]:
        """Wait until there is memory for work on all of a photo. Raises PhotoError, StoppedError."""
        facts = self.shelf.facts(item)
        with self.memory.taking(needed_for(facts.width * facts.height / 1e6, facts.depth)):
            yield

    def live(self, item: Item) -> LiveColors:
        """What is kept of a photo for its colors. Raises PhotoError."""
        with self._live_lock:
            if item.id in self._live:
                self._live.move_to_end(item.id)
                return self._live[item.id]
        with item.lock:
            live = LiveColors(self.models.colorizer, self.models.cut, self.shelf.pixels(item))
            with self._live_lock:
                live = self._live.setdefault(item.id, live)
                while len(self._live) > self.limits.live_kept:
                    self._live.popitem(last=False)
        return live

    def remove(self, item: Item) -> None:
        """Forget a photo and all that is kept of it."""
        self.shelf.remove(item)
        with self._live_lock:
            self._live.pop(item.id, None)

    def describe(self, item: Item, opened: bool = True) -> dict[str, Any]:
        """A photo as JSON; opened: decode it if it is not yet. Raises PhotoError."""
        if opened and item.sizes is None:
            facts, live = self.shelf.facts(item), self.live(item)
            shown = shown_size((facts.height, facts.width))
            item.sizes = {
                "plane": {"width": live.size[1], "height": live.size[0]},
                "preview": {"width": shown[1], "height": shown[0]},
                "unfamiliarity": live.unfamiliarity,
            }
        return photo_json(item)


def photos_named(names: Iterable[Path]) -> Iterator[Path]:
    """The photos that the command line names: files as they are, of folders what is in them, sorted."""
    from safelight.runtime.folders import PassedOver, walk

    for name in names:
        if name.is_dir():
            for folder, files in walk(name, PassedOver()):
                yield from (folder / file for file in files if is_photo(file))
        else:
            yield name


def float16(planes: np.ndarray) -> bytes:
    """Planes as the service sends them: float16, little-endian."""
    return np.ascontiguousarray(planes, np.dtype("<f2")).tobytes()
