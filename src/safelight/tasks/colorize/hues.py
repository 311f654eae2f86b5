"""Are skies blue, skin skin-colored, plants green? Hue accuracy where the truth shows such a thing.

What counts is read from the truth alone, by hue, chroma, lightness and place in Lab (D65), never from the answer.
The rules are rough on purpose and the same for every method: wood can pass for skin, and a blue wall for a sky.
Where tags say what a picture shows, the groups of the verdict ("category portraits", "tag skin") tell it apart.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from safelight.arrays import Lab
from safelight.pixels.color import chroma

ANGLE = 25.0  # degrees: a hue that is off by less is right
LEAST_CHROMA = 2.0  # of the answer: what is greyer has no hue and counts as wrong


@dataclass(frozen=True)
class Rule:
    """Pixels of the truth that count as one thing. hue: degrees, from, to. L, chroma: from, to, in units of Lab.

    below: share of the picture's height that they lie within, from its top.
    """

    title: str
    hue: tuple[float, float]
    L: tuple[float, float]
    chroma: tuple[float, float]
    below: float = 1.0


RULES: dict[str, Rule] = {
    "sky": Rule("sky", (220, 290), (45, 100), (6, 70), below=0.5),
    "skin": Rule("skin", (25, 80), (25, 92), (10, 45)),
    "vegetation": Rule("vegetation", (100, 165), (10, 90), (12, 90)),
}


def shows(truth: Lab, rule: Rule) -> Bool[np.ndarray, "h w"]:
    """Which pixels of the truth count as this thing."""
    L, ab = truth[..., 0], truth[..., 1:]
    hue, strength = _hue(ab), chroma(ab)
    found = _within(hue, rule.hue) & _within(L, rule.L) & _within(strength, rule.chroma)
    found[round(rule.below * len(found)) :] = False
    return np.asarray(found)


def hue_shares(shown: Lab, truth: Lab) -> dict[str, float]:
    """For each rule the share of the picture that counts, "sky_there", and the share that is right, "sky_right"."""
    off = np.abs((_hue(shown[..., 1:]) - _hue(truth[..., 1:]) + 180) % 360 - 180)
    right = (off <= ANGLE) & (chroma(shown[..., 1:]) >= LEAST_CHROMA)
    shares = {}
    for name, rule in RULES.items():
        there = shows(truth, rule)
        shares[f"{name}_there"] = float(there.mean())
        shares[f"{name}_right"] = float((there & right).mean())
    return shares


def _hue(ab: Float[np.ndarray, "h w 2"]) -> Float[np.ndarray, "h w"]:
    """Degrees, 0 to 360: 0 red, 90 yellow, 180 green, 270 blue."""
    return np.asarray(np.degrees(np.arctan2(ab[..., 1], ab[..., 0])) % 360)


def _within(values: Float[np.ndarray, "h w"], limits: tuple[float, float]) -> Bool[np.ndarray, "h w"]:
    return np.asarray((values >= limits[0]) & (values <= limits[1]))
