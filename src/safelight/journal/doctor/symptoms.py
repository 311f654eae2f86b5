"""The table of symptoms: how each is measured, what it comes from as a rule, what to try next.

Causes and mends are those of notes 002 and 003 where they name one.
"""

from collections.abc import Callable
from dataclasses import dataclass

from safelight.journal.doctor import codes, colors, holes, learning, steadiness
from safelight.journal.doctor.case import Case, Picture, Reading
from safelight.journal.doctor.mends import (
    Mend,
    drop_level,
    normed_by_batch,
    put,
    raise_weight,
    scale,
    widen,
)

TASKS = ("colorize", "fill", "scratches", "code")
COLOR, FILL, CODE = TASKS[:1], TASKS[1:2], TASKS[3:]
SLOWER = scale("optimizer.lr", 0.3, least=1e-6)
FASTER = scale("optimizer.lr", 3.0, most=1.0)
WARM_UP = put({"optimizer.warmup": "0.1"}, lambda settings: settings["optimizer.warmup"] < 0.02)
SMALL_BATCH = put({"data.batch": "16"}, normed_by_batch)
GUARDED = put({"guard.on": "true"})
CLIPPED = put({"optimizer.clip": "1"}, lambda settings: settings["optimizer.clip"] == 0)
BINS = put({"model.head": "bins", "loss.bins": "1"})
WIDER = widen("model.widths")
LONGER = scale("train.steps", 2.0)
CHEAPER_CODE = put({"loss.kl": "1"}, lambda settings: settings["loss.kl"] > 1)
OWN_SD = put({"model.learn_sd": "true"}, lambda settings: settings.get("model.likelihood") != "bernoulli")
SLOW_KL = put({"loss.warmup": "0.2"}, lambda settings: bool(settings.get("model.variational")))
FREE_BITS = put({"loss.free": "0.1"}, lambda settings: bool(settings.get("model.variational")))


@dataclass(frozen=True)
class Symptom:
    """One thing that can go wrong.

    mends: the first that the recipe can take is told; docs/doctor.md has what each did on a short run.
    instead_of: symptoms that this one explains; they are not told beside it. advice: what else helps, and what
    helps where no setting does. tasks: those whose runs can have it. at_once: told of young runs too.
    """

    name: str
    measure: Callable[[Case], Reading | None]
    cause: str
    mends: tuple[Mend, ...]
    advice: str
    picture: Picture = "curves"
    instead_of: tuple[str, ...] = ()
    tasks: tuple[str, ...] = TASKS
    at_once: bool = False


SYMPTOMS = (
    Symptom(
        "unstable",
        steadiness.measure_unstable,
        "gradients grew past what the weights could follow: the learning rate is too high, or rises too fast",
        (GUARDED, CLIPPED, WARM_UP, SLOWER),
        "start again from the run as it was before its last change",
        instead_of=("oscillation", "no progress", "plateau", "overfitting"),
        at_once=True,
    ),
    Symptom(
        "no progress",
        steadiness.measure_no_progress,
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
    ),
    Symptom(
        "oscillation",
        steadiness.measure_oscillation,
        "the learning rate is too high, the batch too large for batch norm, or there was no warm-up",
        (WARM_UP, SMALL_BATCH, SLOWER),
        "change one of them, and judge both runs",
    ),
    Symptom(
        "plateau",
        steadiness.measure_plateau,
        "the network has learned what it can at this learning rate, or it is too small for more",
        (put({"optimizer.schedule": "one_cycle"}), WIDER, SLOWER),
        "a rate that falls to nothing at the end often gains the rest",
    ),
    Symptom(
        "overfitting",
        learning.measure_overfitting,
        "too few pictures for this network and length: it remembers the training pictures",
        (
            scale("augment.smallest", 0.6, least=0.2),
            scale("optimizer.weight_decay", 5.0, most=0.5),
            scale("train.steps", 0.5, least=1),
        ),
        "more pictures help most",
        instead_of=("plateau",),
        tasks=(*COLOR, *FILL, *CODE),
    ),
    Symptom(
        "underfitting",
        learning.measure_underfitting,
        "the bottleneck is too small to hold what the pictures have in common",
        (WIDER, widen("model.bottleneck.width"), widen("model.channels"), put({"model.freeze": "false"})),
        "if more channels change nothing, it is no matter of size: try a higher learning rate",
        instead_of=("plateau", "washed out"),
        tasks=(*COLOR, *CODE),
    ),
    Symptom(
        "colors out of range",
        colors.measure_out_of_range,
        "a term of the loss rewards colors that no picture can show (loss.diversity, an adversarial one), or a step "
        "was too large",
        (
            put({"loss.diversity": "0"}),
            put({"adversarial.weight": "0"}),
            GUARDED,
            CLIPPED,
            raise_weight("loss.huber", start=1.0),
        ),
        "leave out or lower the term of the loss that was added last",
        picture="colors",
        instead_of=("sepia", "red and green only", "washed out", "implausible hue", "plateau", "no progress"),
        tasks=COLOR,
        at_once=True,
    ),
    Symptom(
        "red and green only",
        colors.measure_red_green,
        "a loss that the safe middle satisfies: the colors keep to one axis",
        (BINS, LONGER),
        "look at the dataset too: report_casts.png shows a cast",
        picture="colors",
        instead_of=("implausible hue", "sepia"),
        tasks=COLOR,
    ),
    Symptom(
        "sepia",
        colors.measure_sepia,
        "the mean of all colors answers every picture: the loss on color is too weak, or the pictures are brown",
        (BINS, LONGER),
        "look at the dataset too: report_casts.png shows a cast",
        picture="colors",
        instead_of=("implausible hue", "washed out"),
        tasks=COLOR,
    ),
    Symptom(
        "washed out",
        colors.measure_washed_out,
        "colors that could be either are averaged to grey, or the run was too short to tell them apart",
        (raise_weight("loss.perceptual"), BINS, LONGER),
        "for a model that is only too careful: safelight colorize --vivid 1",
        picture="colors",
        tasks=COLOR,
    ),
    Symptom(
        "implausible hue",
        colors.measure_implausible,
        "the network does not know what it sees: it needs features that mean something",
        (
            put({"model.pretrained": "true"}),
            raise_weight("loss.perceptual"),
            put({"model.freeze": "false"}),
            LONGER,
            WIDER,
        ),
        "more pictures of what is colored wrong help most",
        picture="colors",
        tasks=COLOR,
    ),
    Symptom(
        "hints ignored",
        learning.measure_hints_ignored,
        "training seldom showed a hint that mattered, or the network has no way to carry it",
        (
            put({"hints.automatic": "0.15"}, lambda settings: settings["hints.automatic"] > 0.15),
            put({"preparation.propagate": "true"}),
            put({"model.base": "gated"}),
            put({"model.attention": "4"}, lambda settings: settings["model.attention"] == 0),
            scale("hints.most", 4.0, most=400),
            LONGER,
        ),
        "look at pictures/ in the run's folder: its second column shows the hints",
        tasks=COLOR,
    ),
    Symptom(
        "dead units",
        learning.measure_dead_units,
        "a step that was too large pushed channels where their activation has no slope",
        (
            put({"model.activation": "leaky_relu"}, lambda settings: settings["model.activation"] == "relu"),
            CLIPPED,
            WARM_UP,
            SLOWER,
        ),
        "channels that are dead stay so: begin with new weights",
        instead_of=("washed out", "plateau"),
    ),
    Symptom(
        "posterior collapse",
        codes.measure_collapse,
        "the code costs more than what it gains the decoder, which learned to do without it",
        (CHEAPER_CODE, OWN_SD, SLOW_KL, FREE_BITS, FASTER, LONGER),
        "a smaller --model.sd makes what the code says worth more",
        instead_of=("no progress", "plateau", "underfitting"),
        tasks=CODE,
    ),
    Symptom(
        "hole stays empty",
        holes.measure_empty,
        "a skip at full size carries the empty hole across (note 001), the loss hardly looks into it, or it is early",
        (
            drop_level("model.skips", 0),
            raise_weight("loss.hole"),
            put({"preparation.guess": "biharmonic", "model.output": "none"}),
            FASTER,
            LONGER,
        ),
        "a network that is given a classical filling cannot leave the hole empty: --preparation.guess biharmonic",
        instead_of=("color shift at the seam", "no progress", "plateau", "underfitting"),
        tasks=FILL,
    ),
    Symptom(
        "checkerboard",
        holes.measure_checkerboard,
        "steps that enlarge by two leave their grid behind (Odena et al. 2016)",
        (
            put({"model.upsampling": "bilinear"}, lambda s: s.get("model.convolution") != "partial"),
            raise_weight("loss.variation"),
            put({"model.downsampling": "blur_pool"}, lambda s: s.get("model.convolution") != "partial"),
            LONGER,
        ),
        "an adversarial or style term that is too strong does it too: lower its weight",
        tasks=FILL,
    ),
    Symptom(
        "color shift at the seam",
        holes.measure_seam,
        "nothing in the loss holds the filling to the picture around it, or batch norm's averages lag behind",
        (
            raise_weight("loss.valid"),
            raise_weight("loss.variation"),
            put({"preparation.guess": "biharmonic", "model.output": "none"}),
            put({"model.norm": "group"}),
            LONGER,
        ),
        "in use, --feather 3 softens a seam that is left",
        tasks=FILL,
    ),
    Symptom(
        "leaking split",
        learning.measure_leak,
        "near-duplicates lie on both sides of the split, so that scores count pictures that were learned by heart",
        (),
        "build the dataset anew, which keeps near-duplicates together: safelight data build PHOTOS -o NEW",
        picture="twins",
        at_once=True,
    ),
)
