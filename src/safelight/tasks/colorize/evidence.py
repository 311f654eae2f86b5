"""What the doctor reads of a colorizer's probes (journal/doctor/evidence.py has the measures)."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from jaxtyping import Float

from safelight.journal.doctor.evidence import obeyed, probe_evidence
from safelight.tasks.colorize.hints import Points
from safelight.tasks.colorize.predict import NetworkPredict
from safelight.tasks.colorize.prepare import AB_SCALE, ask
from safelight.tasks.colorize.probe import Probe
from safelight.training.progress import counted

HINTS = 10

Colors: TypeAlias = Float[np.ndarray, "n 2"]


def color_evidence(probes: Sequence[Probe], predict: NetworkPredict) -> dict[str, float]:
    """How the automatic answers lie beside the truth, and how far the network itself goes with hints."""
    nothing = Points.none()
    answers = [predict(probe.L, nothing) for probe in probes]
    with_hints: list[Colors] = []
    without: list[Colors] = []
    asked: list[Colors] = []
    for probe in counted(probes, "measuring", len(probes)):
        points = probe.points.first(HINTS)
        # The network's own reply: what is answered in use is corrected at the hints, whatever it says.
        for told, into in ((points, with_hints), (nothing, without)):
            ab, _ = predict.reply(ask(probe.L, told, predict.preparation))
            into.append(AB_SCALE * ab[:, points.y, points.x].T)
        asked.append(points.ab)
    own = obeyed(np.concatenate(with_hints), np.concatenate(without), np.concatenate(asked))
    return {**probe_evidence(answers, [probe.ab for probe in probes]), "obeyed": own}
