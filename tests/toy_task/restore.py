"""A denoiser in use, without torch, and the filter that it has to beat."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from safelight.arrays import Srgb
from safelight.errors import ModelError
from safelight.pixels.inputs import pixels_of
from safelight.runtime.modelfile import ModelFile, find_model
from safelight.runtime.session import Session

Denoise: TypeAlias = Callable[[Srgb], Srgb]


def gaussian(srgb: Srgb) -> Srgb:
    """A blur of one pixel's width."""
    import cv2

    return np.asarray(cv2.GaussianBlur(srgb, (0, 0), 1.0), np.float32)


class Denoiser:
    """Takes the noise out of photos. Made by `load("MODEL.onnx")`."""

    def __init__(self, model: ModelFile, threads: int = 0) -> None:
        self.card, self._session = model.card, Session(model, threads)

    def __call__(self, photo: Any) -> Srgb:
        """The photo without its noise, float32 (h, w, 3), sRGB 0..1. Raises PhotoError."""
        pixels = pixels_of(photo)
        return self.predict(np.asarray(pixels, np.float32) / np.iinfo(pixels.dtype).max)

    def predict(self, srgb: Srgb) -> Srgb:
        """The same of an array."""
        answer = self._session(planes=np.moveaxis(srgb, 2, 0))["rgb"]
        return np.clip(np.moveaxis(answer, 0, 2), 0, 1)


def load_denoiser(model: str | Path | None = None, threads: int = 0) -> Denoiser:
    """The denoiser with this model. Raises ModelError."""
    if model is None:
        raise ModelError("no denoiser is bundled; give a MODEL.onnx")
    return Denoiser(find_model(model, "denoise"), threads)
