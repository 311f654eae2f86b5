"""Pictures to codes and codes to pictures with an exported autoencoder, without torch.

An autoencoder is two models: NAME.encoder.onnx and NAME.decoder.onnx, each with its card, and
NAME.codes.npz: a Gaussian mixture fitted on the codes of its training pictures.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple, cast

import numpy as np
from PIL import Image

from safelight.arrays import Planes, Srgb
from safelight.errors import ModelError, SafelightError, in_short
from safelight.pixels.files import Photo
from safelight.pixels.inputs import Given, pixels_of
from safelight.runtime.begun import session_of
from safelight.runtime.modelfile import HALVES, WEIGHTS, ModelFile, check_name, expanded, find_model
from safelight.shaped import Float32
from safelight.tasks.autoencode.mixture import Mixture
from safelight.tasks.autoencode.prepare import AutoencodePreparation, Framed, frame, unframe

MODEL = "figures"  # the bundled autoencoder
ENCODER, DECODER = (f"{half}.onnx" for half in HALVES)
MIXTURE = ".codes.npz"
BEYOND = 1.1  # times the typical width or height of training photos: they vary a little
CODES = "codes_sha256"  # in a card's preparation: checksum of the mixture beside the model

Code = Float32[np.ndarray, " latent"]
Codes = Float32[np.ndarray, "n latent"]


class Posterior(NamedTuple):
    """q(z | photo): mean and standard deviation of each number of its code."""

    mean: Code
    sd: Code


class Autoencoder:
    """An autoencoder, ready to use. Made by `safelight.load("figures")` or `load_vae`."""

    def __init__(self, encoder: ModelFile, decoder: ModelFile, threads: int = 0) -> None:
        self.card, self.cards = decoder.card, (encoder.card, decoder.card)
        self.size, self.latent = decoder.card.size, _latent(encoder)
        self._mixture_sha256 = decoder.card.preparation.get(CODES)
        self.preparation = decoder.prepared(AutoencodePreparation, aside=CODES)
        self._encode, self._decode = session_of(encoder, threads), session_of(decoder, threads)
        self._mixture_path = Path(str(decoder.path.absolute()).removesuffix(DECODER) + MIXTURE)

    def posterior(self, photo: Given) -> Posterior:
        """Mean and sd of a photo's code. Raises PhotoError."""
        return self.encode_planes(self.frame(photo).planes)

    def encode(self, photos: Given | Iterable[Given]) -> Codes:
        """The code of each photo: the mean of its posterior. One photo is taken for a list of it. Raises PhotoError."""
        one = (
            isinstance(photos, (str, Path, Photo, Image.Image))
            or (isinstance(photos, np.ndarray) and photos.ndim < 4)
            or not isinstance(photos, Iterable)
        )
        listed: Iterable[Given] = [cast(Given, photos)] if one else cast(Iterable[Given], photos)
        means = [self.posterior(photo).mean for photo in listed]
        return np.stack(means) if means else np.zeros((0, self.latent), np.float32)

    def decode(self, codes: Codes) -> Float32[np.ndarray, "n h w 3"]:
        """The picture of each code, sRGB 0..1, of the aspect that is typical for the training photos."""
        self.check(codes)
        box = self.preparation.typical_box(self.size)
        pictures = [unframe(self.decode_planes(code), box) for code in codes]
        return np.stack(pictures) if pictures else np.zeros((0, box.height, box.width, 3), np.float32)

    def reconstruct(self, photo: Given, full_size: bool = False) -> Srgb:
        """The photo from its own code: at the network's size, or enlarged to the photo's. Raises PhotoError."""
        pixels = pixels_of(photo)
        framed = frame(pixels, self.size, self.preparation)
        size = (pixels.shape[0], pixels.shape[1]) if full_size else None
        return unframe(self.decode_planes(self.encode_planes(framed.planes).mean), framed.box, size)

    def sample(
        self, count: int, rng: np.random.Generator, source: Literal["mixture", "prior"] = "mixture"
    ) -> Codes:
        """Random codes: like those of the training photos, or from the prior N(0, 1). Raises ModelError."""
        if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
            raise ModelError(f"count is {in_short(count)}; expected a whole number from 0")
        if source not in ("mixture", "prior"):
            raise ModelError(f"there is no source {in_short(source)} of codes; choose one of mixture, prior")
        if source == "prior":
            return rng.standard_normal((count, self.latent), np.float32)
        return np.asarray(self.mixture().sample(count, rng), np.float32)

    def mixture(self) -> Mixture:
        """The mixture fitted on the training photos' codes. Raises ModelError if it is not the card's."""
        path = self._mixture_path
        if not path.is_file():
            raise ModelError(f"{path}: is missing; copy it along with the model, or sample from the prior")
        if hashlib.sha256(path.read_bytes()).hexdigest() != self._mixture_sha256:
            raise ModelError(f"{path}: is not the one that the model's card names; copy both again")
        return Mixture.load(path)

    def frame(self, photo: Given) -> Framed:
        """The photo as the network sees it. Raises PhotoError."""
        return frame(pixels_of(photo), self.size, self.preparation)

    def remarks(self, photo: Given) -> tuple[str, ...]:
        """What to know of its reconstruction: where the training photos had padding, nothing was learned."""
        box, typical = self.frame(photo).box, self.preparation.typical_box(self.size)
        for much, sides, found, known in (
            ("wider", "sides", box.width, typical.width),
            ("taller", "top and bottom", box.height, typical.height),
        ):
            if found > BEYOND * known:
                return (
                    f"it is {much} than the photos that {self.card.name} learned from: what comes back at its "
                    f"{sides} means nothing",
                )
        return ()

    def check(self, codes: Codes) -> None:
        """Raises SafelightError unless these are codes of this model."""
        numbers = isinstance(codes, np.ndarray) and codes.dtype.kind in "fiu"
        if not numbers or codes.shape[1:] != (self.latent,) or not np.isfinite(codes).all():
            found = f"codes of shape {codes.shape}" if numbers else f"codes are {type(codes).__name__}"
            raise SafelightError(
                f"{found}; {self.card.name} expects finite numbers of shape (n, {self.latent})"
            )

    def encode_planes(self, planes: Planes) -> Posterior:
        """The posterior of a picture that is framed already (3, size, size), 0..1: as an evaluation needs it."""
        reply = self._encode(picture=planes)
        return Posterior(reply["mean"], reply["sd"])

    def decode_planes(self, code: Code) -> Planes:
        """The whole square (3, size, size), 0..1, of a code, padding included."""
        return self._decode(code=code)["picture"]

    ask, answer = encode_planes, decode_planes  # their names in version 0.1


def between(one: Code, other: Code, steps: int) -> Codes:
    """Codes on the way from one to the other, both ends included: along a great circle (White 2016).

    Straight through the middle codes would be shorter than any that the decoder has seen.
    """
    lengths = np.linalg.norm(one), np.linalg.norm(other)
    shares = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    cosine = float(np.clip(one @ other / max(float(lengths[0] * lengths[1]), 1e-12), -1, 1))
    angle = np.arccos(cosine)
    if angle < 1e-3 or np.pi - angle < 1e-3 or min(lengths) < 1e-6:
        return np.asarray((1 - shares) * one + shares * other, np.float32)
    turned = np.sin((1 - shares) * angle) * one / lengths[0] + np.sin(shares * angle) * other / lengths[1]
    return np.asarray(turned / np.sin(angle) * ((1 - shares) * lengths[0] + shares * lengths[1]), np.float32)


def find_pair(model: str | Path = MODEL) -> tuple[ModelFile, ModelFile]:
    """Encoder and decoder by the name of a bundled model, or by a path: NAME.onnx, or either of the two.

    Raises ModelError.
    """
    check_name(model)
    base = _base(model)
    if not Path(f"{base}{DECODER}").is_file():
        known = sorted(path.name.removesuffix(DECODER) for path in WEIGHTS.glob(f"*{DECODER}"))
        raise ModelError(
            f"there is no autoencoder {str(model)!r} ({base.name}{DECODER} is missing); bundled are: "
            f"{', '.join(known) or 'none'}; train one: safelight train figures --data DATASET"
        )
    return find_model(Path(f"{base}{ENCODER}"), "encode"), find_model(Path(f"{base}{DECODER}"), "decode")


def is_autoencoder(model: str | Path) -> bool:
    """Whether this name or path is that of an encoder, of a decoder, or of both where no single file has it."""
    if str(model).endswith((ENCODER, DECODER)):
        return True
    return not expanded(Path(model)).is_file() and Path(f"{_base(model)}{DECODER}").is_file()


def load_vae(model: str | Path | None = None, threads: int = 0) -> Autoencoder:
    """An autoencoder: the name of a bundled one, or the path of an exported one; None is the bundled one.

    Raises ModelError.
    """
    return Autoencoder(*find_pair(MODEL if model is None else model), threads)


def _latent(encoder: ModelFile) -> int:
    """How many numbers a code has. Raises ModelError."""
    shape = encoder.card.outputs[0].shape if encoder.card.outputs else ()
    if len(shape) != 2 or not isinstance(shape[1], int):
        raise ModelError(f"{encoder.path}: its card says no number of a code's parts; export the model again")
    return shape[1]


def _base(model: str | Path) -> Path:
    """The path of a pair of files without their endings: as it is given, or among the bundled ones."""
    stem = str(model)
    for ending in (ENCODER, DECODER, ".onnx"):
        stem = stem.removesuffix(ending)
    base = expanded(Path(stem))
    if not Path(f"{base}{DECODER}").is_file() and len(base.parts) == 1 and not stem.endswith("."):
        return WEIGHTS / base
    return base
