"""The one path from a photo to its colored photo."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from safelight.arrays import Ab, Lightness, Pixels, Planes, Srgb
from safelight.errors import HintError, ModelError, in_short
from safelight.pixels.color import srgb_to_lightness
from safelight.pixels.files import Photo
from safelight.pixels.geometry import Box, fit_size, pad_to_multiple, resize
from safelight.pixels.inputs import Given, photo_of, pixels_of, whole_photo
from safelight.pixels.recolor import replace_ab
from safelight.runtime.begun import session_of
from safelight.runtime.cores import one_thread, own_cores
from safelight.runtime.kept import kept_or
from safelight.runtime.modelfile import MODEL, ModelFile, find_model
from safelight.runtime.session import DISTRIBUTION, Reply, Views
from safelight.shaped import Bool, Float32
from safelight.tasks.colorize.coarse import STRIDE, Answer, coarse_copy
from safelight.tasks.colorize.hint_values import Region, share
from safelight.tasks.colorize.hints import GivenHints, HintSet, Points, as_hint_set, to_points
from safelight.tasks.colorize.lassos import box_of, by_region, largest, region_box, topmost
from safelight.tasks.colorize.prepare import (
    ColorizePreparation,
    enforce_hints,
    limit_reach,
    postprocess,
    preprocess,
)
from safelight.tasks.colorize.propagation import Propagator
from safelight.tasks.colorize.suggest import MOST_PLACES, Suggestion, suggest
from safelight.tasks.colorize.task import REACH, VIVID

UNFAMILIARITY = "unfamiliarity"  # the output that says how unlike the training pictures a photo is
LASSO_RUNS = 32  # lassos that the network runs for; the hints of smaller ones are kriged
STRIP = 32  # short sides: a still longer picture is shrunk, which bounds memory


class Colorized(NamedTuple):
    """A photo in color, and how unlike the training pictures it is: 1 = threshold, None = not measured."""

    photo: Photo
    unfamiliarity: float | None


class Colorizer:
    """Gives photos their color with one model. Made by `load`.

    Asked about the same photo again with other hints, only the part of the network that sees hints runs.
    """

    def __init__(self, model: ModelFile, threads: int = 0) -> None:
        self.card = model.card
        self._preparation = model.prepared(ColorizePreparation)
        session = session_of(model, threads)
        self._session = Views(session, model.card.size)
        self._coarse = Views(session, self._preparation.coarse_side)  # where it looks a second time

    def __call__(
        self,
        photo: Given,
        hints: GivenHints = None,
        vivid: float = VIVID,
        reach: float = REACH,
    ) -> Srgb:
        """The photo in color: float32 (h, w, 3), sRGB 0..1, of the photo's own size and with its own L.

        photo: a path, a Photo, a picture of Pillow's, or an array (h, w, 3) of sRGB or (h, w) of grey: floats
        0..1, uint8 or uint16.
        hints: colors at places: a HintSet, a Hint, or a list of Hints or of tuples (x, y, color); None leaves all
          to the model. vivid: 0 cautious .. 1 as colorful as life.
        reach: 0 a hint colors what lies near it and looks alike .. 1 it says something of the whole picture.
        Raises PhotoError if the photo cannot be read, or is none of these, and HintError for what is no
        hint.
        """
        picture = photo_of(photo)
        if isinstance(picture, Photo):
            return self.recolor(picture, hints, vivid, reach).srgb
        return self._color(picture, hints, vivid, reach)[0]

    def recolor(
        self,
        photo: Given,
        hints: GivenHints = None,
        vivid: float = VIVID,
        reach: float = REACH,
    ) -> Photo:
        """The photo in color, with its own bit depth, alpha and metadata: as a call takes it, but no floats.

        No float picture of it is made. Raises PhotoError if it cannot be read.
        """
        return self.colorize(photo, hints, vivid, reach).photo

    def colorize(
        self,
        photo: Given,
        hints: GivenHints = None,
        vivid: float = VIVID,
        reach: float = REACH,
    ) -> Colorized:
        """As `recolor`, and how unfamiliar the photo is, which costs nothing more."""
        photo = whole_photo(photo)
        pixels, unfamiliarity = self._color(photo.pixels, hints, vivid, reach)
        return Colorized(replace(photo.in_srgb(), pixels=pixels), unfamiliarity)

    develop = colorize  # its name in version 0.1

    def unfamiliarity(self, photo: Given) -> float:
        """How unlike the pictures that the model was trained on: 0 none, 1 the threshold of its card.

        Raises PhotoError as a call does, and ModelError if the model was exported without this measure.
        """
        if UNFAMILIARITY not in {port.name for port in self.card.outputs}:
            raise ModelError(
                f"{self.card.name} has no measure of unfamiliar photos; export it again with this safelight"
            )
        return self.unfamiliarity_of(self.lightness(pixels_of(photo))) or 0.0

    def unfamiliarity_of(self, L: Lightness) -> float | None:
        """The same of a lightness (h, w) as the network sees it; None if the model does not measure it."""
        reply = self._reply(L, Points.none())[1]
        return float(reply[UNFAMILIARITY]) if UNFAMILIARITY in reply else None

    def suggest(self, photo: Given, hints: GivenHints = None, count: int = 3) -> list[Suggestion]:
        """Where further hints would help most, best first, and the colors that the model thinks possible there.

        count: 1 to MOST_PLACES. Hints under a lasso are left aside. Raises PhotoError as a call does, HintError for
        what is no hint or no such count, and ModelError if the model was exported without its distribution over
        colors.
        """
        if (
            isinstance(count, bool)
            or not isinstance(count, (int, np.integer))
            or not 1 <= count <= MOST_PLACES
        ):
            raise HintError(f"count is {in_short(count)}; expected a whole number from 1 to {MOST_PLACES}")
        L = self.lightness(pixels_of(photo))
        points = to_points(by_region(as_hint_set(hints))[0], (L.shape[0], L.shape[1]))
        return suggest(L, self.distribution(L, points), points, count)

    @property
    def preparation(self) -> ColorizePreparation:
        """How hints become planes."""
        return self._preparation

    def is_panorama(self, L: Lightness) -> bool:
        """Whether a picture is so long that the network sees it in views."""
        return self._session.is_panorama((L.shape[0], L.shape[1]))

    def distribution(self, L: Lightness, points: Points) -> Float32[np.ndarray, "q h8 w8"]:
        """How likely each bin of color is, in cells of 8 x 8 pixels of L (h, w), given hints on its grid.

        Raises ModelError if the model was exported without it.
        """
        if DISTRIBUTION not in {port.name for port in self.card.outputs}:
            raise ModelError(
                f"{self.card.name} does not say how likely colors are; train it with model.head bins, and export "
                "it again with this safelight"
            )
        return self._reply(L, points, DISTRIBUTION)[1][DISTRIBUTION]

    def predict(self, L: Lightness, points: Points, vivid: float = 0.0) -> Ab:
        """ab (h, w, 2) for L (h, w) and hints on the same grid, at just this size: what a judge asks for."""
        return self._answer(L, points, vivid)[0]

    def _answer(self, L: Lightness, points: Points, vivid: float) -> tuple[Ab, Reply]:
        prepared = self._preparation
        planes, reply = self._reply(L, points)
        colors, copy = colors_of(reply), coarse_copy(L, prepared.coarse_side)
        if copy is not None:
            coarse = colors_of(self._coarse(preprocess(copy.L, copy.points(points), prepared)))
            colors = copy.pooled(colors, coarse, planes, prepared.coarse_share)
        ab = postprocess(*colors, planes, points, vivid, prepared.vivid_gain)
        return ab[: L.shape[0], : L.shape[1]], reply

    def _reply(self, L: Lightness, points: Points, *also: str) -> tuple[Planes, Reply]:
        """The planes, and what the network says to them."""
        padded, _ = pad_to_multiple(L, STRIDE)
        planes = preprocess(padded, points, self._preparation)
        return planes, self._session(planes, *also)

    def lightness(self, pixels: Pixels, longest: int = STRIP) -> Lightness:
        """L of the small copy that the network sees, at most so many short sides long."""
        small = fit_size(_size(pixels), self.card.size, long_side=longest * self.card.size)
        return srgb_to_lightness(_shrink(pixels, small))

    def _color(
        self, pixels: Pixels, hints: GivenHints, vivid: float, reach: float
    ) -> tuple[Pixels, float | None]:
        vivid, reach = share(vivid, "vivid"), share(reach, "reach")
        free, lassos = by_region(as_hint_set(hints))
        L = self.lightness(pixels)
        # Without hints there are no products of matrices but those of 16 bits; to look for their library takes time.
        plain = not len(free) and not lassos and pixels.dtype == np.uint8
        with contextlib.nullcontext() if plain else one_thread:
            points = to_points(free, (L.shape[0], L.shape[1]))
            ab, reply = self._answer(L, points, vivid)
            picture = Propagator(L)
            ab = self._within_reach(ab, Points.none(), picture, points, vivid, reach)
            result = replace_ab(pixels, ab, own_cores())
            for box, where, inside in self._in_lassos(
                lassos, _size(pixels), picture, ab, points, vivid, reach
            ):
                # Cut out at the photo's full size, so that nothing leaks past the lasso.
                np.copyto(
                    result[box.slices], replace_ab(pixels, inside, own_cores(), box), where=where[..., None]
                )
        return result, float(reply[UNFAMILIARITY]) if UNFAMILIARITY in reply else None

    def _within_reach(
        self, hinted: Ab, others: Points, picture: Propagator, points: Points, vivid: float, reach: float
    ) -> Ab:
        """The free hints (`points`), where they reach; elsewhere the colors for the other hints alone."""
        if reach >= 1 or not len(points):
            return hinted
        return limit_reach(hinted, self.predict(picture.L, others, vivid), picture, points, reach)

    def _in_lassos(
        self,
        lassos: Sequence[tuple[Region, HintSet]],
        size: tuple[int, int],
        picture: Propagator,
        ab: Ab,
        points: Points,
        vivid: float,
        reach: float,
    ) -> Iterator[tuple[Box, Bool[np.ndarray, "y x"], Ab]]:
        """For each lasso of which something is visible: a box in the photo of this size, where it counts in there, and
        the answer (h, w, 2) that counts there.

        The network runs for the largest, each in a run of its own. Where there are more, the others get the
        colors of the free hints, `ab`, with their own hints kriged into it.
        """
        if not lassos:
            return
        on_top = topmost([region for region, _ in lassos], size)
        visible = set(np.unique(on_top).tolist())
        runs = largest([region for number, (region, _) in enumerate(lassos) if number in visible], LASSO_RUNS)
        L = picture.L
        small, planes = (L.shape[0], L.shape[1]), preprocess(L, Points.none())
        for number, (region, inside) in enumerate(lassos):
            around = region_box(region, size)
            box = box_of(on_top[around.slices] == number, around) if number in visible else None
            if box is None:
                continue
            own_hints = to_points(HintSet(tuple(hint for hint in inside if hint.region)), small)
            if region in runs:
                hinted = self.predict(L, to_points(inside, small), vivid)
                colors = self._within_reach(hinted, own_hints, picture, points, vivid, reach)
            else:
                colors = enforce_hints(ab, planes, own_hints)
            yield box, on_top[box.slices] == number, colors


def load_colorizer(model: str | Path | None = None, threads: int = 0) -> Colorizer:
    """The colorizer with this model (name or path); None is the bundled one. Raises ModelError."""
    named = MODEL if model is None else model
    return kept_or("colorize", model, threads, lambda: Colorizer(find_model(named, "colorize"), threads))


def colors_of(reply: Reply) -> Answer:
    """The colors in a model's reply."""
    return Answer(reply["ab"], reply["chroma"])


def _size(pixels: Pixels) -> tuple[int, int]:
    return pixels.shape[0], pixels.shape[1]


def _shrink(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """The small copy that the network sees."""
    h, w = _size(pixels)
    if min(h // size[0], w // size[1]) >= 4:
        # Halved first: OpenCV is several times faster at whole factors. At most one row and column are lost.
        pixels = resize(pixels[: h // 2 * 2, : w // 2 * 2], (h // 2, w // 2))
    return resize(pixels, size)
