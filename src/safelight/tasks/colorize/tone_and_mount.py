"""What a photo is like before it is colorized, and what of it is kept: its colors, its tone, the paper around it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from safelight.arrays import Pixels
from safelight.pixels.color import srgb_to_lab, srgb_to_lightness
from safelight.pixels.geometry import Box, fit_size, resize
from safelight.pixels.mounts import find_mount, keep_mount
from safelight.pixels.photo import Photo
from safelight.pixels.recolor import replace_ab
from safelight.pixels.tone import Look, ToneCurve, look_of

TONE_SIDE = 1024  # pixels: a tone is laid under colors at this size; L is that of the photo itself
OWN = {
    "tinted": "has color in places, as a print tinted by hand has",
    "faded": "has colors of its own, faded as it seems",
    "colored": "has colors of its own",
}


@dataclass(frozen=True)
class Analysis:
    """The look of a picture, and where it lies in its mount or border; None if it has none."""

    look: Look
    mount: Box | None

    @property
    def left_because(self) -> str:
        """Why it is left as it is, and what replaces its colors."""
        film = (
            "; if it is a color negative, as its orange says, invert it first" if self.look.negative else ""
        )
        return f"{OWN[self.look.kind]}: left as it is; --recolor replaces them{film}"

    def remarks(self, keep_toning: bool = False) -> tuple[str, ...]:
        """The remarks on a photo that was colorized."""
        remarks = []
        if self.look.has_colors:
            remarks.append(f"{OWN[self.look.kind]}; they were replaced")
        if keep_toning and self.look.kind != "toned":
            remarks.append("has no tone to keep")
        if self.look.negative:
            remarks.append("is orange, as the film of a color negative is; invert it first if it is one")
        if self.mount:
            remarks.append("the paper around the picture keeps its own color (--no-mount colors it too)")
        return tuple(remarks)


def toned_in_words(toned: Sequence[int]) -> str:
    """How many photos lost their tone (1 or True each): "toned; --keep-toning keeps the tone"."""
    number = sum(toned)
    if not number:
        return ""
    return f"{'' if len(toned) == 1 else f'{number} '}toned; --keep-toning keeps the tone"


def analyze(pixels: Pixels, mounts: bool = True) -> Analysis:
    """Analyze an sRGB picture (h, w, 3). mounts: keep the paper around it, which is no part of its look anyhow."""
    mount = find_mount(pixels)
    look = look_of(pixels if mount is None else pixels[mount.slices])
    return Analysis(look, mount if mounts else None)


def keep_tone_and_mount(original: Photo, colored: Photo, analysis: Analysis, toning: bool = False) -> Photo:
    """The colored photo with what stays of the original: its paper, and if `toning` its tone."""
    pixels = colored.pixels
    if toning and analysis.look.kind == "toned":
        pixels = colors_over_tone(original.pixels, pixels, analysis.look.curve)
    if analysis.mount is not None:
        pixels = keep_mount(pixels, original.pixels, analysis.mount)
    return replace(colored, pixels=pixels)


def colors_over_tone(original: Pixels, colored: Pixels, tone: ToneCurve) -> Pixels:
    """The colors laid over the photo's own tone, as paint on a toned print: at each place their ab add up."""
    size = (colored.shape[0], colored.shape[1])
    scale = min(1.0, TONE_SIDE / max(size))
    small = fit_size(size, max(round(min(size) * scale), 1))
    L = srgb_to_lightness(resize(original, small))
    return replace_ab(original, srgb_to_lab(resize(colored, small))[..., 1:] + tone.at(L))
