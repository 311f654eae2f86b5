"""A symptom of autoencoders: the decoder does not listen to the code (posterior collapse)."""

from safelight.journal.doctor.case import Case, Reading

EARLY = 0.25  # of a run: before it a code may not say anything yet
LEAST_GAIN, LEAST_NATS = (
    0.02,
    1.0,
)  # as in losses/latent.py: of the mean picture's error, and of a code's cost


def measure_collapse(case: Case) -> Reading | None:
    """No unit of the code is active, or it costs nearly nothing and the mean picture would do as well."""
    active, error = case.last("probe/active_share"), case.last("probe/mean_picture")
    if active is None or error is None or case.progress < EARLY:
        return None
    cost = case.last("probe/kl") or 0.0
    says = (
        f"{active:.0%} of the units of the code are active, it costs {cost:.3g} nats a picture, and the error is "
        f"{error:.0%} of the mean picture's"
    )
    sick = active == 0 or (error >= 1 - LEAST_GAIN and cost < LEAST_NATS)
    curves = ("probe/active_share", "probe/kl", "probe/mean_picture")
    but = f"its code has active numbers and costs {cost:.3g} nats, so that it says something"
    unit = "of the mean picture's error taken away"
    return Reading(1 - error, LEAST_GAIN, unit, sick, says, curves, below=True, but=but)
