"""The symptoms that runs of any task can have: how each is measured, its usual cause, what to try next.

Causes and remedies are those of notes 002 and 003 where they name one. A task brings the list of its own checks (a
`Checklist`: these, and what only its runs can have); one that brings none is checked by GENERAL.
"""

from safelight.journal.doctor.case import Checklist, Symptom
from safelight.journal.doctor.drawings import draw_twins
from safelight.journal.doctor.learning import (
    measure_dead_units,
    measure_leak,
    measure_overfitting,
    measure_underfitting,
)
from safelight.journal.doctor.remedies import (
    CLIPPED,
    FASTER,
    GUARDED,
    LONGER,
    SLOWER,
    SMALL_BATCH,
    WARM_UP,
    WIDER,
    put,
    scale,
    widen,
)
from safelight.journal.doctor.steadiness import (
    measure_no_progress,
    measure_oscillation,
    measure_plateau,
    measure_unstable,
)

UNSTABLE = Symptom(
    "unstable",
    measure_unstable,
    "gradients grew past what the weights could follow: the learning rate is too high, or rises too fast",
    (GUARDED, CLIPPED, WARM_UP, SLOWER),
    "start again from the run as it was before its last change",
    instead_of=("oscillation", "no progress", "plateau", "overfitting"),
    at_once=True,
)
NO_PROGRESS = Symptom(
    "no progress",
    measure_no_progress,
    "the learning rate is too low for the length of the run, or nothing that is trained reaches the loss",
    (FASTER, LONGER),
    "if a higher rate changes nothing, look whether the pictures have color: safelight data build",
    instead_of=(
        "plateau",
        "underfitting",
        "washed out",
        "sepia",
        "red and green only",
        "implausible hue",
        "hints ignored",
    ),
)
OSCILLATION = Symptom(
    "oscillation",
    measure_oscillation,
    "the learning rate is too high, the batch too large for batch norm, or there was no warm-up",
    (WARM_UP, SMALL_BATCH, SLOWER),
    "change one of them, and judge both runs",
)
PLATEAU = Symptom(
    "plateau",
    measure_plateau,
    "the network has learned what it can at this learning rate, or it is too small for more",
    (put({"optimizer.schedule": "one_cycle"}), WIDER, SLOWER),
    "a rate that falls to nothing at the end often gains the rest",
)
OVERFITTING = Symptom(
    "overfitting",
    measure_overfitting,
    "too few pictures for this network and length: it remembers the training pictures",
    (
        scale("augment.smallest", 0.6, least=0.2),
        scale("optimizer.weight_decay", 5.0, most=0.5),
        scale("train.steps", 0.5, least=1),
    ),
    "more pictures help most",
    instead_of=("plateau",),
)
UNDERFITTING = Symptom(
    "underfitting",
    measure_underfitting,
    "the bottleneck is too small to hold what the pictures have in common",
    (WIDER, widen("model.bottleneck.width"), widen("model.channels"), put({"model.freeze": "false"})),
    "if more channels change nothing, it is no matter of size: try a higher learning rate",
    instead_of=("plateau", "washed out"),
)
DEAD_UNITS = Symptom(
    "dead units",
    measure_dead_units,
    "a step that was too large pushed channels where their activation has no slope",
    (
        put({"model.activation": "leaky_relu"}, lambda settings: settings["model.activation"] == "relu"),
        CLIPPED,
        WARM_UP,
        SLOWER,
    ),
    "channels that are dead stay so: begin with new weights",
    instead_of=("washed out", "plateau"),
)
LEAKING_SPLIT = Symptom(
    "leaking split",
    measure_leak,
    "near-duplicates lie on both sides of the split, so that scores count pictures that were learned by heart",
    (),
    "build the dataset anew, which keeps near-duplicates together: safelight data build PHOTOS -o NEW",
    draw=draw_twins,
    at_once=True,
)

CURVES = (UNSTABLE, NO_PROGRESS, OSCILLATION, PLATEAU)  # what shows in the curves of any run
GENERAL = Checklist((*CURVES, DEAD_UNITS, LEAKING_SPLIT))
