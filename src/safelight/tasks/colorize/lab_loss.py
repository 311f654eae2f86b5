"""CIE Lab (D65) to sRGB in torch, with a gradient. The same curves and matrices as pixels/color.py.

Sources: IEC 61966-2-1 (sRGB), CIE 15:2004 (Lab).
"""

import torch
from jaxtyping import Float
from torch import Tensor

from safelight.pixels.curves import TO_LINEAR

EDGE = 6 / 29  # of the f of Lab, above which it is a cube root
DARK = 0.0031308  # linear light, above which sRGB's gamma is a power
AB_SCALE = 110.0


def lab_to_srgb(lab: Float[Tensor, "b 3 h w"]) -> Float[Tensor, "b 3 h w"]:
    """Gamma-encoded sRGB of Lab (L 0..100), 0..1 within the gamut.

    A color outside of the gamut comes out below 0 or above 1, where clipping would leave it without a
    gradient: clamp the result to show it.
    """
    L, a, b = lab.unbind(1)
    fy = (L + 16) / 116
    xyz = _expand(torch.stack([fy + a / 500, fy, fy - b / 200], 1))
    matrix = torch.from_numpy(TO_LINEAR).to(lab)
    # A sum and no product of matrices: autocast would do that in half precision.
    linear = (matrix[:, :, None, None] * xyz[:, None]).sum(2)
    return _encode(linear)


def join(L: Float[Tensor, "b 1 h w"], ab: Float[Tensor, "b 2 h w"]) -> Float[Tensor, "b 3 h w"]:
    """sRGB of a network's lightness plane (L - 50) / 100 and answer ab / 110."""
    return lab_to_srgb(torch.cat([L.float() * 100 + 50, ab.float() * AB_SCALE], 1))


def _expand(f: Tensor) -> Tensor:
    """X/Xn from the f of Lab."""
    return torch.where(f > EDGE, f**3, (f - 4 / 29) * (3 * EDGE**2))


def _encode(linear: Tensor) -> Tensor:
    """Gamma of linear light; its straight part goes on below 0, its power above 1."""
    # The power is given nothing dark: its slope has no end at 0, and `where` would make NaN of that.
    power = 1.055 * linear.clamp(min=DARK) ** (1 / 2.4) - 0.055
    return torch.where(linear > DARK, power, 12.92 * linear)
