"""Colors of one open photo, answered again and again as hints come: what no hint changes is kept.

The trunk's features, what the head makes of them alone, the features of kriging, the covariances of all places with
those of hints seen before, and the answer without hints are worked out once for a photo. A hint then costs a column
of covariances and the part of the head that sees hints. `kriged` answers before the network does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from threading import RLock
from typing import Any

import numpy as np
import numpy.typing as npt

from safelight import watched
from safelight.arrays import Ab, Lightness, Mask, Pixels
from safelight.errors import HintError
from safelight.pixels.geometry import pad_to_multiple, resize
from safelight.runtime.cores import one_thread
from safelight.runtime.inference import open_session
from safelight.runtime.modelfile import ModelFile
from safelight.runtime.onnx_cheaper import cheaper, joined_maps
from safelight.runtime.onnx_parts import Graph, Kind, kinds_of
from safelight.runtime.session import DISTRIBUTION, KNOWN, Reply
from safelight.shaped import Float32
from safelight.tasks.colorize.coarse import STRIDE, CoarseCopy, coarse_copy
from safelight.tasks.colorize.hint_values import Region
from safelight.tasks.colorize.hints import HintSet, Points, to_points
from safelight.tasks.colorize.kept_kriging import KeptPropagator
from safelight.tasks.colorize.kriging import RESIDUALS
from safelight.tasks.colorize.lassos import by_region, largest, visible
from safelight.tasks.colorize.prepare import PLANES as INPUT_PLANES
from safelight.tasks.colorize.prepare import (
    ColorizePreparation,
    Spreading,
    lightness_of,
    limit_reach,
    postprocess,
    preprocess,
)
from safelight.tasks.colorize.propagation import Propagator
from safelight.tasks.colorize.restore import LASSO_RUNS, UNFAMILIARITY, Colorizer, colors_of
from safelight.tasks.colorize.suggest import CELL, Suggestion, suggest

PLANES, COLORS = "planes", ("ab", "chroma")
SMALL = 2 * STRIDE  # pixels a side
KEPT_ANSWERS = 4  # of the network, onto which newer hints are kriged meanwhile
KEPT_LAYERS = 4 * LASSO_RUNS  # of all these answers together: 57 MB at the bundled model's size
MOST_LASSOS = 255  # of one answer, whose layers are planes of the whole picture: 113 MB at that size


@dataclass(frozen=True)
class Layers:
    """Colors (h, w, 2) of a photo at the network's size; inside each region, in order, others count instead."""

    ab: Ab
    lassos: tuple[tuple[Region, Ab], ...] = ()


class CutModel:
    """A colorizing network in parts: trunk, what the head makes of the trunk alone, and the head.

    Raises ValueError where its file is not made of a trunk and a head.
    """

    def __init__(self, model: ModelFile, threads: int = 0) -> None:
        graph, outputs = Graph.of(model.read()), {port.name for port in model.card.outputs}
        maps = sorted(name.removeprefix(KNOWN) for name in graph.ports if name.startswith(KNOWN))
        if not maps:
            raise ValueError(f"{model.path}: its encoder sees the hints; nothing of it can be kept")
        also = [name for name in (UNFAMILIARITY,) if name in outputs]
        self._trunk = open_session(graph.part([PLANES], [*maps, *also]), threads)
        kinds, planes = kinds_of(self._trunk), {PLANES: Kind("tensor(float)", 4)}
        graph = cheaper(graph, self._channels(graph, planes | kinds), maps, [PLANES])
        kept = graph.frontier(maps, [PLANES], COLORS)
        self._kept = open_session(graph.part(kinds, [name for name in kept if name not in maps]), threads)
        kinds |= kinds_of(self._kept)
        given = planes | {name: kinds[name] for name in kept}
        self._head = open_session(graph.part(given, COLORS), threads)
        self._judge: Any = None
        if DISTRIBUTION in outputs:
            self._judge = open_session(graph.part(given, (*COLORS, DISTRIBUTION)), threads)

    def _channels(self, graph: Graph, kinds: Mapping[str, Kind]) -> dict[str, int]:
        """How many channels those maps have that convolutions join: what a small picture shows."""
        names = joined_maps(graph)
        if not names:
            return {}
        small = {PLANES: np.zeros((1, INPUT_PLANES, SMALL, SMALL), np.float32)}
        seen = _run(self._trunk, small) | small
        made = graph.made_between(kinds, names)
        found = _run(open_session(graph.part(kinds, made)), seen) if made else {}
        return {name: each.shape[1] for name, each in (seen | found).items() if name in names}

    def see(self, L: Lightness) -> "tuple[Mapping[str, npt.NDArray[Any]], float | None]":
        """What is kept of a photo of lightness L (h, w), multiples of STRIDE, and how unfamiliar it is."""
        seen = _run(self._trunk, {PLANES: preprocess(L, Points.none())[None]})
        unfamiliarity = seen.pop(UNFAMILIARITY, None)
        return seen | _run(self._kept, seen), None if unfamiliarity is None else float(unfamiliarity[0])

    def answer(self, planes: Float32[np.ndarray, "7 h w"], known: Mapping[str, Any]) -> Reply:
        """ab and chroma for these planes of the photo."""
        return {name: each[0] for name, each in _run(self._head, {PLANES: planes[None], **known}).items()}

    def distribution(
        self, planes: Float32[np.ndarray, "7 h w"], known: Mapping[str, Any]
    ) -> Float32[np.ndarray, "q h8 w8"]:
        """How likely each bin of color is. Raises ValueError for a model without bins."""
        if self._judge is None:
            raise ValueError("the model does not say how likely colors are")
        return np.asarray(_run(self._judge, {PLANES: planes[None], **known})[DISTRIBUTION][0])


def _run(session: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs by name; of the inputs those that the session takes."""
    feed = {port.name: inputs[port.name] for port in session.get_inputs()}
    names = [port.name for port in session.get_outputs()]
    with watched.running() as options:
        return dict(zip(names, session.run(names, feed, options), strict=True))


def _split(hints: HintSet) -> tuple[HintSet, list[tuple[Region, HintSet]]]:
    """As by_region. Raises HintError for more lassos than one answer may have."""
    free, lassos = by_region(hints)
    if len(lassos) > MOST_LASSOS:
        raise HintError(
            f"found {len(lassos)} lassos; at most {MOST_LASSOS} are shown at a time; the full-size result takes all"
        )
    return free, lassos


class _Look:
    """A size at which a model in parts looks at a photo, and what is kept of the photo there.

    L: (h, w), multiples of STRIDE. picture: what spreads hints over it, where somebody has that.
    """

    def __init__(
        self, cut: CutModel, L: Lightness, preparation: ColorizePreparation, picture: Spreading | None = None
    ) -> None:
        self._cut, self._preparation, self._given = cut, preparation, picture
        self._unhinted = preprocess(L, Points.none())
        self.L = lightness_of(self._unhinted)

    @cached_property
    def picture(self) -> Spreading:
        """Kriging over it."""
        return self._given or KeptPropagator(self.L)

    @cached_property
    def known(self) -> "tuple[Mapping[str, npt.NDArray[Any]], float | None]":
        """What the trunk saw, and how unfamiliar that is."""
        return self._cut.see(self.L)

    @cached_property
    def _automatic(self) -> Reply:
        return self._cut.answer(self._unhinted, self.known[0])

    def planes(self, points: Points) -> Float32[np.ndarray, "7 h w"]:
        """The question with these hints."""
        if not len(points):
            return self._unhinted
        return preprocess(self.L, points, self._preparation, picture=self.picture)

    def answer(self, points: Points) -> Reply:
        """The network's; without hints it is asked once."""
        if not len(points):
            return self._automatic
        return self._cut.answer(self.planes(points), self.known[0])


class LiveColors:
    """The colors of one photo, hints and settings changing. May be asked by one thread after the other.

    pixels: the whole photo, of which the lightness is taken; it is not kept. cut: the colorizer's model in parts;
    None asks the colorizer itself, which keeps less: for panoramas, and for models that cannot be cut.
    """

    def __init__(self, colorizer: Colorizer, cut: CutModel | None, pixels: Pixels) -> None:
        self.L = colorizer.lightness(pixels)
        self._photo = pixels.shape[0], pixels.shape[1]
        self._colorizer = colorizer
        self._cut = cut if cut is not None and not colorizer.is_panorama(self.L) else None
        self._lock = RLock()
        self._answers: list[tuple[HintSet, float, float, Layers]] = []
        self._seen: tuple[list[Region], list[Region]] = ([], [])  # lassos, and which of these are visible

    @property
    def size(self) -> tuple[int, int]:
        """(h, w) of the colors."""
        return self.L.shape[0], self.L.shape[1]

    @cached_property
    def picture(self) -> Spreading:
        """Kriging over the picture, on the grid of L. Of a panorama nothing is kept: columns as long as it is."""
        return Propagator(self.L) if self._colorizer.is_panorama(self.L) else KeptPropagator(self.L)

    @cached_property
    def _fine(self) -> _Look:
        """The network's look at the photo."""
        assert self._cut is not None
        padded, _ = pad_to_multiple(self.L, STRIDE)
        same = self.picture if padded.shape == self.L.shape else None
        return _Look(self._cut, padded, self._colorizer.preparation, same)

    @cached_property
    def _coarse(self) -> tuple[CoarseCopy, _Look] | None:
        """Its look at a smaller copy, if it takes one."""
        assert self._cut is not None
        preparation = self._colorizer.preparation
        copy = coarse_copy(self.L, preparation.coarse_side)
        return None if copy is None else (copy, _Look(self._cut, copy.L, preparation))

    @cached_property
    def unfamiliarity(self) -> float | None:
        """How unlike the training pictures the photo is, 1 = threshold."""
        with self._lock:
            return self._fine.known[1] if self._cut else self._colorizer.unfamiliarity_of(self.L)

    def forget(self) -> None:
        """Forget the answers that were given; what is kept of the photo stays."""
        with self._lock:
            self._answers = []

    def colors(self, hints: HintSet, vivid: float, reach: float) -> Layers:
        """What the full-size result has: the network's answer. vivid, reach: 0..1.

        Raises HintError for more than MOST_LASSOS lassos; so does `kriged`.
        """
        with self._lock, one_thread:
            kept = self._kept_answer(hints, vivid, reach)
            if kept is None:
                kept = self._layers(hints, vivid, reach)
                self._answers = [*self._answers[-KEPT_ANSWERS + 1 :], (hints, vivid, reach, kept)]
                while sum(1 + len(each.lassos) for *_, each in self._answers[:-1]) > KEPT_LAYERS:
                    self._answers.pop(0)
            return kept

    def kriged(self, hints: HintSet, vivid: float, reach: float) -> Layers:
        """The hints kriged onto the network's last answer to some of them, or onto its automatic one; at once."""
        with self._lock, one_thread:
            free, lassos = _split(hints)
            base = self._base(hints, vivid, reach)
            on = self.size

            def corrected(ab: Ab, those: HintSet) -> Ab:
                return self.picture.correct(ab, to_points(those, on))

            of_lassos = dict(base.lassos)
            ab = corrected(base.ab, free)
            return Layers(
                ab,
                tuple((region, corrected(of_lassos.get(region, ab), own)) for region, own in lassos),
            )

    def suggest(self, hints: HintSet, count: int) -> list[Suggestion]:
        """Where further hints would help most; as Colorizer.suggest."""
        with self._lock:
            points = to_points(by_region(hints)[0], self.size)
            return suggest(self.L, self.distribution(hints), points, count)

    def distribution(self, hints: HintSet) -> Float32[np.ndarray, "q h8 w8"]:
        """How likely each bin of color is in each cell of 8 x 8, given the hints without a lasso.

        Raises ModelError or ValueError for a model that does not say.
        """
        with self._lock, one_thread:
            points = to_points(by_region(hints)[0], self.size)
            if self._cut is None:
                shares = self._colorizer.distribution(self.L, points)
            else:
                shares = self._cut.distribution(self._fine.planes(points), self._fine.known[0])
            return shares[:, : -(-self.size[0] // CELL), : -(-self.size[1] // CELL)]

    def nearness(self, hints: HintSet) -> Mask:
        """How much the hints say of each cell by lying near and looking alike, 0..1: kriging's confidence."""
        with self._lock, one_thread:
            points = to_points(by_region(hints)[0], self.size)
            near = self.picture.spread(points, RESIDUALS)[..., 2]
            return np.asarray(resize(near, (-(-self.size[0] // CELL), -(-self.size[1] // CELL))), np.float32)

    def predict(self, points: Points, vivid: float) -> Ab:
        """As Colorizer.predict, for this photo; without hints it is asked once."""
        if self._cut is None:
            return self._colorizer.predict(self.L, points, vivid)
        preparation = self._colorizer.preparation
        planes, colors = self._fine.planes(points), colors_of(self._fine.answer(points))
        if self._coarse is not None:
            copy, look = self._coarse
            coarse = colors_of(look.answer(copy.points(points)))
            colors = copy.pooled(colors, coarse, planes, preparation.coarse_share)
        ab = postprocess(*colors, planes, points, vivid, preparation.vivid_gain, self._fine.picture)
        return ab[: self.size[0], : self.size[1]]

    def _layers(self, hints: HintSet, vivid: float, reach: float) -> Layers:
        free, lassos = _split(hints)
        points = to_points(free, self.size)
        ab = self._within_reach(self.predict(points, vivid), Points.none(), points, vivid, reach)
        runs = largest(self._visible([region for region, _ in lassos]), LASSO_RUNS)
        inner = []
        for region, inside in lassos:
            own = to_points(HintSet(tuple(hint for hint in inside if hint.region)), self.size)
            if region in runs:
                hinted = self.predict(to_points(inside, self.size), vivid)
                inner.append((region, self._within_reach(hinted, own, points, vivid, reach)))
            else:
                inner.append((region, self.picture.correct(ab, own)))
        return Layers(ab, tuple(inner))

    def _visible(self, regions: list[Region]) -> list[Region]:
        """Those that the network may run for: it does not for what the full-size photo does not show."""
        if len(regions) <= LASSO_RUNS:
            return regions  # it runs for all, those that are covered included
        if self._seen[0] != regions:
            self._seen = regions, visible(regions, self._photo)
        return self._seen[1]

    def _within_reach(self, hinted: Ab, others: Points, points: Points, vivid: float, reach: float) -> Ab:
        if reach >= 1 or not len(points):
            return hinted
        return limit_reach(hinted, self.predict(others, vivid), self.picture, points, reach)

    def _kept_answer(self, hints: HintSet, vivid: float, reach: float) -> Layers | None:
        return next(
            (layers for *asked, layers in reversed(self._answers) if asked == [hints, vivid, reach]), None
        )

    def _base(self, hints: HintSet, vivid: float, reach: float) -> Layers:
        """The network's newest answer to some of these hints, else its automatic one."""
        among = set(hints)
        for asked, *settings, layers in reversed(self._answers):
            if settings == [vivid, reach] and among.issuperset(asked):
                return layers
        return Layers(self.predict(Points.none(), vivid))
