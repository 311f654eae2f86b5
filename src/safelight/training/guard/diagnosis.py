"""What is wrong with a run that the guard could not set right, in plain words, and what to try."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from safelight.tasks.base import Advice
from safelight.tasks.registry import known_task
from safelight.training.guard.events import RollbackRequested, words
from safelight.training.guard.scale import kind_of
from safelight.training.guard.settings import GuardSettings

LOWER_LR = "a lower learning rate: --optimizer.lr {lr:.2g}"
SAMPLES = "look at the pictures themselves; safelight data build FOLDER screens them and says what it refused"
ONE_COLOR = "the network gives all pictures the same color: it collapsed"
# By kind of measure and by how it was out of bounds, what is to blame, or the task.
ADVICE: dict[tuple[str, str], Advice] = {
    ("input", "not finite"): Advice("the samples hold numbers that are not finite", SAMPLES),
    ("input", "spike"): Advice(
        "the samples hold numbers far outside of their range, such as 0..255 in place of 0..1", SAMPLES
    ),
    ("question", ""): Advice(
        "the hints are not of the pictures that they stand on: pictures, hints or truths were mixed up",
        "look at how samples are made; pictures/ in the run's folder shows some",
    ),
    ("loss", "samples"): Advice(
        "the samples changed, not the network: it answers the validation samples as before. Pictures are damaged, "
        "or their hints or truths belong to others",
        SAMPLES,
    ),
    ("gradient", "samples"): Advice(
        "single samples give far larger gradients than the rest, while the validation samples are answered as before",
        "a smaller clip: --optimizer.clip 0.5, or leave such pictures out; " + SAMPLES,
    ),
    ("loss", "not finite"): Advice(
        "numbers overflow inside the network or its loss",
        "--train.precision 32 if it is bf16, --optimizer.clip 1 if it is 0, or " + LOWER_LR,
    ),
    ("gradient", "not finite"): Advice(
        "a term of the loss has no finite gradient everywhere (a root or a logarithm at 0, say)",
        "--train.precision 32 if it is bf16; train without one term of the loss after the other",
    ),
    ("update", ""): Advice(
        "steps are far longer than the schedule means them to be: the optimizer's memory or rate was changed",
        LOWER_LR + ", or a longer warm-up: --optimizer.warmup 0.2",
    ),
    ("average", ""): Advice(
        "the averaged weights no longer follow the weights", "train without averaging: --train.ema 0"
    ),
    ("loader", ""): Advice(
        "processes that load samples die again and again: memory runs out, or a picture crashes its decoder",
        "--data.workers 0, which shows the error itself",
    ),
    ("channels", ""): Advice(
        "most units answer nothing, whatever they see: dead units, from the start or since a step too long",
        "--model.activation leaky_relu, where the network has it, and " + LOWER_LR,
    ),
    ("color", ""): Advice(ONE_COLOR, LOWER_LR),
    ("range", ""): Advice(
        "a term of the loss rewards colors that no picture can show, or the steps are too long",
        "--loss.diversity 0, a smaller weight on the term that was added last, or " + LOWER_LR,
    ),
    ("discriminator", ""): Advice(
        "the discriminator runs away from the network that it judges",
        "a lower learning rate or weight for the adversarial loss, or a gradient penalty on it",
    ),
    ("", ""): Advice("the training is unstable: its steps are too long", LOWER_LR + ", --optimizer.clip 1"),
}


def diagnosis(
    earlier: Sequence[dict[str, Any]],
    last: RollbackRequested,
    settings: GuardSettings,
    lr: float,
    restorable: bool,
    task: str = "",
) -> str:
    """One line: how often, the evidence of the last trip, the likely cause, what to try.

    earlier: the trips that were set right (their lines of guard.jsonl). lr: the recipe's learning rate.
    restorable: whether there was a good state to go back to. task: the recipe's, whose settings are advised.
    """
    anomaly = last.signs[0]
    advice = advice_for(_main_measure(earlier, last), anomaly.how, last.blame, task)
    times = len(earlier) + 1
    often = (
        f"the guard stopped the run at step {last.step} after {times} trips (guard.trips {settings.trips})"
        if restorable
        else f"the guard stopped the run at step {last.step}: there is no good state to go back to"
    )
    attempt = advice.attempt.format(lr=lr / 4)
    evidence = ". Evidence: guard.jsonl" if earlier else ""
    return f"{often}. Seen: {words(anomaly)}. Likely: {advice.cause}. Try: {attempt}{evidence}"


def advice_for(measure: str, how: str, blame: str, task: str = "") -> Advice:
    """The advice for the most particular description that there is."""
    known = known_task(task)
    own = known.failures if known else {}
    kind = (
        measure
        if measure in own
        or measure in ("channels", "loader", "range", "color", "contrast", "difference", "answers")
        else ("discriminator" if "discriminator" in measure or measure.endswith(" 2") else kind_of(measure))
    )
    kind = {"contrast": "color", "difference": "color", "answers": "loss"}.get(kind, kind)
    for key in ((kind, how), (kind, blame)):
        if key in ADVICE:
            return ADVICE[key]
    return own.get(kind) or ADVICE.get((kind, "")) or ADVICE["", ""]


def _main_measure(earlier: Sequence[dict[str, Any]], last: RollbackRequested) -> str:
    """The measure that tripped it most often, the last one of equals; where the recipe is to blame, what it was for."""
    if last.blame == "recipe":
        return last.signs[0].measure
    measures = [last.signs[0].measure, *(trip["signs"][0]["measure"] for trip in reversed(earlier))]
    return str(Counter(measures).most_common(1)[0][0])
