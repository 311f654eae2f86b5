"""How much to ask for so that vivid colors are as colorful as true ones."""

import numpy as np

from safelight.pixels.color import colorfulness
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.predict import NetworkPredict
from safelight.tasks.colorize.prepare import answer, ask
from safelight.tasks.colorize.probe import Probe, join

GAINS = np.geomspace(0.5, 4.0, 13)


def vivid_gain(predict: NetworkPredict, probes: list[Probe]) -> float:
    """The gain at which vivid 1, without hints, is on average as colorful (Hasler & Süsstrunk) as the truth.

    The nearest of 0.5 to 4 where none reaches it; 1 without probes.
    """
    if not probes:
        return 1.0
    truth = np.mean([colorfulness(join(probe.L, probe.ab)) for probe in probes])
    reached = np.mean([_colorfulness_at_gains(predict, probe) for probe in probes], axis=0)
    return round(float(np.interp(truth, np.maximum.accumulate(reached), GAINS)), 3)


def _colorfulness_at_gains(predict: NetworkPredict, probe: Probe) -> list[float]:
    nothing = Points.none()
    planes = ask(probe.L, nothing, predict.preparation)
    ab, chroma = predict.reply(planes)
    vivid = (answer(ab, chroma, planes, nothing, 1.0, float(gain)) for gain in GAINS)
    return [colorfulness(join(probe.L, colors)) for colors in vivid]
