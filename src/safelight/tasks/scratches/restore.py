"""The one path from a photo to the mask of its scratches, cracks and dust."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from safelight import watched
from safelight.arrays import Mask, Pixels, Srgb
from safelight.errors import ModelError, PhotoError, in_short
from safelight.pixels.color import srgb_to_lightness
from safelight.pixels.geometry import Box, pad_to_multiple, resize, tiles, untile, working_size
from safelight.pixels.inputs import Given, pixels_of
from safelight.runtime.begun import session_of
from safelight.runtime.kept import kept_or
from safelight.runtime.modelfile import ModelFile, find_model, is_bundled
from safelight.tasks.scratches.prepare import (
    ScratchesPreparation,
    likely_damage,
    pool,
    postprocess,
    preprocess,
)
from safelight.tasks.scratches.ridge_filter import USUAL, ScratchSettings, find_scratches

FindMethod = Literal["auto", "network", "ridge"]
FIND_METHODS: tuple[FindMethod, ...] = get_args(FindMethod)
MODEL = "scratches"  # the bundled model: weights/scratches.onnx
STRIDE = 32  # the network halves its planes at most five times
TILE, OVERLAP = 512, 64  # pixels


@dataclass(frozen=True)
class Found:
    """The mask (h, w), 1 = damaged, and what found it.

    worn: whether so much was sure that what is less sure was marked as well (`preparation.worn_from`).
    """

    mask: Mask
    method: Literal["network", "ridge"]
    worn: bool = False

    @property
    def title(self) -> str:
        """The method in words."""
        by = {"network": "found by the network", "ridge": "found by the ridge filter"}[self.method]
        return f"({by}; a worn photo, so what is less sure is marked as well)" if self.worn else f"({by})"


class ScratchFinder:
    """Finds damage in photos. Made by `load("scratches")`.

    model: the model; None has the ridge filter alone. threads: of the network, 0 for one a core.
    """

    def __init__(self, model: ModelFile | None, threads: int = 0) -> None:
        self.card = model.card if model else None
        self._session = session_of(model, threads) if model else None
        self.preparation = model.prepared(ScratchesPreparation) if model else ScratchesPreparation()

    def __call__(
        self,
        photo: Given,
        sensitivity: float = 0.5,
        method: FindMethod = "auto",
    ) -> Mask:
        """The mask of the damage: float32 (h, w), 1 = damaged, of the photo's size.

        photo: as a colorizer takes it (pixels/inputs.py). sensitivity: 0 only what is plain .. 1 much that is
        none. Raises PhotoError, ModelError, RecipeError.
        """
        return self.find(pixels_of(photo), ScratchSettings(sensitivity), method).mask

    def find(self, pixels: Pixels, settings: ScratchSettings = USUAL, method: FindMethod = "auto") -> Found:
        """The mask of the damage of a picture (h, w, 3), uint8, uint16 or floats 0..1, and the method.

        method: "network", "ridge"; "auto" is the network where there is one. Of the settings, `dark` and those
        of lengths are the ridge filter's. Raises PhotoError for another method, ModelError for "network" without
        a model.
        """
        return self.find_likely(pixels, settings, method)[0]

    def find_likely(
        self, pixels: Pixels, settings: ScratchSettings = USUAL, method: FindMethod = "auto"
    ) -> tuple[Found, Mask | None]:
        """As `find`, and the likelihood (h2, w2), 0..1, at the size at which the network looks; None of the filter."""
        if method not in FIND_METHODS:
            raise PhotoError(
                f"there is no method {in_short(method)} to find with; choose one of {', '.join(FIND_METHODS)}"
            )
        if method == "ridge" or (method == "auto" and self._session is None):
            return Found(find_scratches(pixels, settings), "ridge"), None
        size, prepared = (pixels.shape[0], pixels.shape[1]), self.preparation
        small = resize(pixels, working_size(size, prepared.working))
        likelihood = self.predict(_floats(small))
        edged = None if settings.edges else srgb_to_lightness(small)
        likely = likely_damage(likelihood, size, settings, prepared, edged)
        return Found(likely.mask, "network", likely.worn), likelihood

    def predict(self, srgb: Srgb) -> Mask:
        """Likelihood of damage (h, w), 0..1, of a picture of this size, looked at as the model's card says.

        Raises ModelError.
        """
        if self._session is None:
            raise ModelError("no model for finding scratches is bundled; give one (MODEL.onnx)")
        prepared, size = self.preparation, (srgb.shape[0], srgb.shape[1])
        ways = [(1, -1) if scale in prepared.mirrored else (1,) for scale in prepared.looks]
        areas = [scale**2 for scale, both in zip(prepared.looks, ways, strict=True) for _ in both]
        shares = pairwise(np.cumsum([0, *areas]) / sum(areas))
        found = []
        for scale, both in zip(prepared.looks, ways, strict=True):
            scaled = _scaled(srgb, scale)
            sides = [self._likelihood(scaled[:, ::way], *next(shares))[:, ::way] for way in both]
            found.append(pool([resize(side, size) for side in sides], (1, 1)))
        return pool(found, prepared.scale_weights)

    def _likelihood(self, srgb: Srgb, begun: float, ended: float) -> Mask:
        """Of a picture at just this size, tile by tile; begun, ended: what is done before and after, 0..1."""
        padded, (h, w) = pad_to_multiple(np.ascontiguousarray(srgb), STRIDE, "edge")
        size = (padded.shape[0], padded.shape[1])
        boxes = list(tiles(size, TILE, OVERLAP))
        shares = np.linspace(begun, ended, len(boxes), endpoint=False)
        pieces = ((box, self._look(padded, box, share)) for box, share in zip(boxes, shares, strict=True))
        return np.asarray(untile(pieces, size, OVERLAP)[:h, :w])

    def _look(self, srgb: Srgb, box: Box, done: float) -> Mask:
        watched.step(done)
        assert self._session is not None
        return postprocess(next(iter(self._session(planes=preprocess(srgb[box.slices])).values())))


def _scaled(srgb: Srgb, scale: float) -> Srgb:
    """Enlarged by cubic interpolation: a linear one leaves edges with steps, which look like cracks."""
    import cv2

    size = (max(1, round(srgb.shape[0] * scale)), max(1, round(srgb.shape[1] * scale)))
    if scale <= 1:
        return resize(srgb, size)
    larger = cv2.resize(np.asarray(srgb, np.float32), size[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(larger.clip(0, 1), np.float32)


def load_finder(model: str | Path | None = None, threads: int = 0) -> ScratchFinder:
    """The finder with this model (name or path); None is the bundled one, or none where none is bundled."""
    if model is None and is_bundled(MODEL):
        model = MODEL
    file = None if model is None else find_model(model, "scratches")
    return kept_or("scratches", model, threads, lambda: ScratchFinder(file, threads))


def _floats(pixels: Pixels) -> Srgb:
    if pixels.dtype.kind == "f":
        return np.asarray(pixels, np.float32)
    return np.asarray(np.divide(pixels, np.float32(np.iinfo(pixels.dtype).max), dtype=np.float32))
