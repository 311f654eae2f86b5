"""What the doctor checks of an autoencoder's run: whether the decoder ignores the code (posterior collapse)."""

from safelight.journal.doctor.case import Case, Checklist, Reading, Symptom
from safelight.journal.doctor.remedies import FASTER, LONGER, put
from safelight.journal.doctor.symptoms import CURVES, DEAD_UNITS, LEAKING_SPLIT, OVERFITTING, UNDERFITTING

EARLY = 0.25  # of a run: before it a code may not say anything yet
LEAST_GAIN, LEAST_NATS = 0.02, 1.0  # as in losses.py: of the mean picture's error, and of a code's cost


def measure_collapse(case: Case) -> Reading | None:
    """No unit of the code is active, or it costs nearly nothing and the mean picture would do as well."""
    active, error = case.last("probe/active_share"), case.last("probe/mean_picture")
    if active is None or error is None or case.progress < EARLY:
        return None
    cost = case.last("probe/kl") or 0.0
    evidence = (
        f"{active:.0%} of the units of the code are active, it costs {cost:.3g} nats a picture, and the error is "
        f"{error:.0%} of the mean picture's"
    )
    sick = active == 0 or (error >= 1 - LEAST_GAIN and cost < LEAST_NATS)
    curves = ("probe/active_share", "probe/kl", "probe/mean_picture")
    but = f"its code has active numbers and costs {cost:.3g} nats, so that it says something"
    unit = "of the mean picture's error taken away"
    return Reading(1 - error, LEAST_GAIN, unit, sick, evidence, curves, below=True, but=but)


CHEAPER_CODE = put({"loss.kl": "1"}, lambda settings: settings["loss.kl"] > 1)
OWN_SD = put({"model.learn_sd": "true"}, lambda settings: settings.get("model.likelihood") != "bernoulli")
SLOW_KL = put({"loss.warmup": "0.2"}, lambda settings: bool(settings.get("model.variational")))
FREE_BITS = put({"loss.free": "0.1"}, lambda settings: bool(settings.get("model.variational")))
CHECKLIST = Checklist(
    (
        *CURVES,
        OVERFITTING,
        UNDERFITTING,
        DEAD_UNITS,
        Symptom(
            "posterior collapse",
            measure_collapse,
            "the code costs more than what it gains the decoder, which learned to do without it",
            (CHEAPER_CODE, OWN_SD, SLOW_KL, FREE_BITS, FASTER, LONGER),
            "a smaller --model.sd makes what the code says worth more",
            instead_of=("no progress", "plateau", "underfitting"),
        ),
        LEAKING_SPLIT,
    )
)
