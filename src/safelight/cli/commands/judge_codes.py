"""safelight judge for autoencoders: the model, PCA with as many components, and the mean picture."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from safelight.cli.sitting import Sitting, task_of, trained_for

if TYPE_CHECKING:
    import numpy as np

    from safelight.data.cache import PictureSet
    from safelight.tasks.autoencode.subject import Codes, Subject

    Sources: TypeAlias = Mapping[str, Callable[[int, np.random.Generator], Codes]]


def is_autoencoder(model: str) -> bool:
    """Whether that name, file or run is an autoencoder."""
    from safelight.errors import SafelightError
    from safelight.tasks.autoencode.restore import find_pair

    if Path(model).is_dir():
        return task_of(model, ("code",)) == "autoencode"
    try:
        return bool(find_pair(model))
    except SafelightError:
        return False


def judge_autoencoder(sitting: Sitting) -> None:
    """Judge, write the report, and say what was found."""
    from safelight.tasks.autoencode.distribution_metrics import LiteFeatures
    from safelight.tasks.autoencode.evaluate import judge_codes
    from safelight.tasks.autoencode.report import write_code_report
    from safelight.terminal import Bars

    with Bars() as bars:
        training, held_out = sitting.open(bars, "train"), sitting.open(bars)
        subject, sources = open_subject(sitting.model, training)
        judged = judge_codes(
            subject,
            sitting.labels[0],
            held_out,
            training,
            sources,
            LiteFeatures(),
            limit=sitting.limit,
            seed=sitting.seed,
            dataset=sitting.data.name,
            split=sitting.split,
            progress=bars.show,
        )
    page = write_code_report(judged, sitting.out)
    sitting.keep(judged.verdict)
    sitting.tell(judged.verdict.sentences, page)


def open_subject(model: str, training: "PictureSet") -> "tuple[Subject, Sources]":
    """What is judged, and how its samples are drawn. Raises SafelightError.

    Of a run the mixture is fitted here, on the training pictures alone; of an exported one it is its own.
    """
    from functools import partial

    from safelight.tasks.autoencode.restore import load_vae
    from safelight.tasks.autoencode.subject import ExportedCodes

    if not Path(model).is_dir():
        vae = load_vae(model)
        return ExportedCodes(vae), {
            "mixture": partial(vae.sample, source="mixture"),
            "prior": partial(vae.sample, source="prior"),
        }
    import numpy as np

    from safelight.tasks.autoencode.mixture import choose_mixture
    from safelight.tasks.autoencode.validation import NetworkCodes, codes_of

    network, recipe = trained_for(model, "autoencode")
    codes = codes_of(network, training, recipe.preparation)
    mixture, _ = choose_mixture(codes[::2], codes[1::2], np.random.default_rng(0))
    return NetworkCodes(network, recipe.preparation), {
        "mixture": mixture.sample,
        "prior": lambda count, rng: rng.standard_normal((count, network.settings.latent), np.float32),
    }
