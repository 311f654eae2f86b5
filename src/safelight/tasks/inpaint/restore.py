"""The one path from a damaged photo and its mask to the mended photo."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from PIL import Image

from safelight import watched
from safelight.arrays import Mask, Srgb
from safelight.errors import ModelError, PhotoError, in_short
from safelight.masks.edit import feather, grow, resize_mask, shrink
from safelight.masks.files import check_mask, mask_of, read_mask
from safelight.masks.shapes import Hole
from safelight.masks.windows import CELL, CONTEXT, Piece, around, pieces, square_around
from safelight.pixels.files import Photo
from safelight.pixels.geometry import Box, pad_to_multiple, resize
from safelight.pixels.inputs import Given, photo_of, photo_of_pillow
from safelight.pixels.native import Native, numbers_of, pictures, to_srgb
from safelight.pixels.space import Numbers
from safelight.runtime.begun import session_of
from safelight.runtime.kept import kept_or
from safelight.runtime.modelfile import ModelFile, find_model, is_bundled
from safelight.tasks.inpaint.classical import CLASSICAL, Fill
from safelight.tasks.inpaint.grain import REACH, add_grain
from safelight.tasks.inpaint.prepare import InpaintPreparation, postprocess, preprocess
from safelight.tasks.inpaint.tone import in_tone

Method = Literal["auto", "model", "biharmonic", "telea"]
METHODS: tuple[Method, ...] = get_args(Method)
MODEL = "fill"  # the bundled model: weights/fill.onnx
STRIDE = 32  # the network halves its planes at most five times
MARGIN = 16  # pixels around a piece that a classical method sees
LARGEST = 384  # pixels: a classical method works on a larger window at this size
WIDE = (
    48.0  # pixels: without a model, Telea fills what is so wide: biharmonic overshoots there (docs/fill.md)
)


@dataclass(frozen=True)
class Filled:
    """A mended photo, and how many pieces each method filled."""

    photo: Photo
    used: Mapping[str, int]


@dataclass(frozen=True)
class _Task:
    """What is filled and how. core: the hole without the pixels over which the fill fades. hole: with them."""

    core: Hole
    hole: Hole
    method: Method
    feather: float
    grain: float


class Filler:
    """Mends photos: fills what a mask marks as missing. Made by `load("fill")`.

    model: the model; None has the classical methods alone. threads: of the network, 0 for one a core.
    """

    def __init__(self, model: ModelFile | None, threads: int = 0) -> None:
        self.card = model.card if model else None
        self._session = session_of(model, threads) if model else None
        self._preparation = model.prepared(InpaintPreparation) if model else InpaintPreparation()

    def __call__(
        self,
        photo: Given,
        mask: str | Path | Mask | Image.Image,
        method: Method = "auto",
        grow: float = 0,
        feather: float = 0,
        grain: float = 1,
    ) -> Srgb:
        """The mended photo: float32 (h, w, 3), sRGB 0..1; what is known is the same, bit by bit.

        photo: as a colorizer takes it (pixels/inputs.py). mask: a path or a picture of Pillow's (white =
        missing), or (h, w) with 1 = missing. For method, grow, feather and grain see `fill`.
        Raises PhotoError, ModelError.
        """
        given = photo_of(photo)
        if isinstance(given, Photo):
            return self.fill(given, _hole(mask, given.size), method, grow, feather, grain=grain).photo.srgb
        hole = _hole(mask, (given.shape[0], given.shape[1]))
        return self.fill(Photo(given), hole, method, grow, feather, grain=grain).photo.pixels

    def fill(
        self,
        photo: Photo,
        mask: Mask,
        method: Method = "auto",
        grow: float = 0,
        feather: float = 0,
        in_place: bool = False,
        grain: float = 1,
    ) -> Filled:
        """The mended photo, with its own bit depth, alpha and metadata, and the methods that were used.

        A photo with `native` numbers is filled in these: outside the hole they stay bit by bit, inside they are
        of the file's own color space and mode. Of others the sRGB pixels are filled.

        method: "model", "biharmonic", "telea"; "auto" gives damage thinner than the model's crossover to
          biharmonic and the rest to the model (without a model: to Telea).
        grow: pixels by which the hole is made larger: masks rarely reach the soft edge of the damage.
        feather: pixels around the (grown) hole over which the fill fades into the photo.
        in_place: write into the photo's own pixels, for large photos of which the damaged state is not needed.
        grain: how much of the surroundings' grain what is filled gets, 0 none .. 1 as much as they have.
        Raises PhotoError for a mask of another size, empty or full; ModelError for "model" without one; StoppedError.
        """
        check_method(method)
        if not (_is_length(grow) and _is_length(feather)):
            raise PhotoError(
                f"grow is {in_short(grow)} and feather {in_short(feather)}; expected numbers of pixels, from 0"
            )
        if not (_is_length(grain) and grain <= 1):
            raise PhotoError(f"grain is {in_short(grain)}; expected 0 (none) to 1 (as around the hole)")
        if method == "model" and self._session is None:
            raise ModelError("no model for filling is bundled; give one (MODEL.onnx), or use another method")
        core = _grown(check_mask(mask, photo.size), grow)
        todo = _grown(core, feather)
        if todo.all():
            larger = " and ".join(
                name for name, pixels in (("grow", grow), ("feather", feather)) if pixels > 0
            )
            raise PhotoError(f"the grown mask is full, all of the photo is missing; use a smaller {larger}")
        native = photo.native or Native(photo.pixels, "RGB")
        own = in_place and native.pixels.flags.writeable
        native, used = native if own else replace(native, pixels=native.pixels.copy()), Counter[str]()
        changed, total = todo.copy(), np.count_nonzero(todo)
        task = _Task(core, changed, method, feather, grain)
        for part, cell in self._parts(todo, method):
            for piece in list(pieces(part, cell)):
                watched.step(1 - np.count_nonzero(todo) / total)
                if part[piece.box.slices].any():  # not yet filled with an overlapping piece
                    used[self._fill_piece(native, todo, part, piece, task)] += 1
        return Filled(_with_numbers(photo, native, changed), dict(used))

    def _parts(self, hole: Hole, method: Method) -> tuple[tuple[Hole, int], ...]:
        """What is wide enough for the model, then the thin rest: a scratch beside a stain is worked on alone.

        Each with the side of its pieces: the model's fit into its window as they are, for what is shrunk is blurred.
        """
        if self._session is None or method in CLASSICAL:
            return ((hole, CELL),)
        cell = max(self._size - 2 * CONTEXT, CONTEXT)
        reach = (self._preparation.crossover - 1) / 2  # of the disc that fits into what is just wide enough
        if method == "model" or reach <= 0:
            return ((hole, cell),)
        # Grown by more than it was shrunk: the disc leaves corners out.
        wide = grow(shrink(hole, reach), 1.5 * reach + 1) & hole
        return (wide, cell), (hole & ~wide, CELL)

    def remark(self, used: Mapping[str, int], method: Method = "auto") -> str:
        """How many places were filled and by which methods; why not the model, if it was given and none was its."""
        total = sum(used.values())
        by = [(self._title(name), count) for name, count in sorted(used.items())]
        one = len(by) == 1
        parts = f" by {by[0][0]}" if one else ": " + ", ".join(f"{count} by {name}" for name, count in by)
        why = ""
        if self.card is None:
            why = " (no model for filling is bundled: the better classical method was used)"
        elif method == "auto" and "model" not in used and self.card.name != MODEL:
            why = f" (too thin, at {self.card.size} pixels, for {self.card.name}; --method model takes it all the same)"
        return f"filled {total} {'place' if total == 1 else 'places'}{parts}{why}"

    def _title(self, name: str) -> str:
        return f"the model {self.card.name}" if name == "model" and self.card else name

    def predict(self, srgb: Srgb, mask: Mask) -> Srgb:
        """The model's filling of a picture at just this size: what a judge asks for. Raises ModelError."""
        if self._session is None:
            raise ModelError("no model for filling is bundled; give one (MODEL.onnx)")
        padded, (h, w) = pad_to_multiple(srgb, STRIDE, "edge")
        hole, _ = pad_to_multiple(np.asarray(mask > 0), STRIDE, "edge")
        planes = preprocess(padded, hole, self._preparation)
        reply = next(iter(self._session(planes=planes).values()))
        return postprocess(reply[:, :h, :w], srgb, mask, self._preparation)

    def _fill_piece(self, native: Native, todo: Hole, part: Hole, piece: Piece, task: _Task) -> str:
        """Fill one piece of a part of the hole in place; it is then no longer to do. Returns the method's name."""
        pixels = native.pixels
        size = (pixels.shape[0], pixels.shape[1])
        name, soft = self._choose(piece, task.method, size), task.feather
        fill, largest = (self.predict, self._size) if name == "model" else (CLASSICAL[name], LARGEST)
        reach = max(MARGIN, round(piece.width / 2), round(soft) + 2)
        window = (
            square_around(piece.box, self._size, size) if name == "model" else around(piece.box, reach, size)
        )
        seen = replace(native, pixels=pixels[window.slices])
        found = _fill_window(seen, todo[window.slices], fill, largest, _inside(piece.box, window))
        old, place = pixels[piece.box.slices], part[piece.box.slices].copy()
        if task.grain:
            near = around(piece.box, REACH, size).slices
            seed = (piece.box.top, piece.box.left)
            found = add_grain(found, pixels[near], ~task.hole[near], place, seed, task.grain)
        if soft > 0:
            ring = around(piece.box, round(soft) + 2, size)
            weight = feather(task.core[ring.slices], soft)[_inside(piece.box, ring).slices]
            found = _mix(old, found, weight)
        np.copyto(old, found, where=place[..., None])
        part[piece.box.slices] = False
        todo[piece.box.slices] &= ~place
        return name

    @property
    def _size(self) -> int:
        return self.card.size if self.card else LARGEST

    def _choose(self, piece: Piece, method: Method, size: tuple[int, int]) -> str:
        if method != "auto":
            return method
        if self._session is None:
            return "biharmonic" if piece.width < WIDE else "telea"
        window = square_around(piece.box, self._size, size)
        scale = min(1.0, self._size / max(window.height, window.width))
        width = min(
            piece.width, max(piece.box.height, piece.box.width) / 2
        )  # a speck is as a line half as wide
        return "biharmonic" if width * scale < self._preparation.crossover else "model"


def load_filler(model: str | Path | None = None, threads: int = 0) -> Filler:
    """The filler with this model (name or path); None is the bundled one, or none where none is bundled."""
    if model is None and is_bundled(MODEL):
        model = MODEL
    file = None if model is None else find_model(model, "fill")
    return kept_or("fill", model, threads, lambda: Filler(file, threads))


def check_method(method: str) -> None:
    """Raises PhotoError for a method that there is not."""
    if method not in METHODS:
        raise PhotoError(
            f"there is no method {in_short(method)} to fill with; choose one of {', '.join(METHODS)}"
        )


def _hole(mask: str | Path | Mask | Image.Image, size: tuple[int, int]) -> Hole:
    if isinstance(mask, Image.Image):
        return mask_of(photo_of_pillow(mask), size)
    return read_mask(mask, size).hole if isinstance(mask, (str, Path)) else check_mask(mask, size)


def _grown(hole: Hole, pixels: float) -> Hole:
    return grow(hole, pixels) if pixels > 0 else hole.copy()


def _is_length(pixels: object) -> bool:
    if isinstance(pixels, bool) or not isinstance(pixels, (int, float, np.integer, np.floating)):
        return False
    return 0 <= float(pixels) < np.inf  # NaN fails this too


def _inside(box: Box, window: Box) -> Box:
    """The box as a place in the window."""
    return Box(box.top - window.top, box.left - window.left, box.height, box.width)


def _with_numbers(photo: Photo, native: Native, changed: Hole) -> Photo:
    """The photo with new numbers of its own, and where they changed, sRGB of them."""
    if photo.native is None:
        return replace(photo, pixels=native.pixels)
    if photo.native.pixels is photo.pixels:  # RGB that is sRGB as it stands
        return replace(photo, pixels=native.pixels, native=native)
    pixels = photo.pixels if native is photo.native and photo.pixels.flags.writeable else photo.pixels.copy()
    pixels[changed] = to_srgb(native.pixels[changed], native.mode, native.space)
    return replace(photo, pixels=pixels, native=native)


def _fill_window(native: Native, hole: Hole, fill: Fill, largest: int, box: Box) -> Numbers:
    """What belongs into the box of this window, in its own numbers, found at most this large."""
    pixels, (h, w) = native.pixels, hole.shape
    scale = min(1.0, largest / max(h, w))
    if scale == 1:
        return _filled(native, pixels, hole, fill, box)
    small = (max(round(h * scale), 1), max(round(w * scale), 1))
    missing = resize_mask(hole, small)
    if missing.all():
        missing = resize(hole.astype(np.float32), small) >= 1
    whole = Box(0, 0, *small)
    return resize(_filled(native, resize(pixels, small), missing, fill, whole), (h, w))[box.slices]


def _filled(native: Native, numbers: Numbers, hole: Hole, fill: Fill, box: Box) -> Numbers:
    """Own numbers of the box, each picture that stands for them filled."""
    found = [
        in_tone(fill(picture, hole), picture, hole)[box.slices]
        for picture in pictures(numbers, native.mode, native.space)
    ]
    return numbers_of(found, native.mode, native.space, numbers.dtype)


def _mix(old: Numbers, new: Numbers, weight: Mask) -> Numbers:
    """old where the weight is 0, new where it is 1."""
    mixed = old + (new.astype(np.float32) - old) * weight[..., None]
    return np.asarray(mixed if old.dtype.kind == "f" else mixed + np.float32(0.5), old.dtype)
