"""safelight judge for autoencoders: the model, PCA with as many components, and the mean picture."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import click

if TYPE_CHECKING:
    import numpy as np

    from safelight.data.cache import PictureSet
    from safelight.judging.codes.subject import Codes, Subject

    Sources: TypeAlias = Mapping[str, Callable[[int, np.random.Generator], Codes]]


def is_autoencoder(model: str) -> bool:
    """Whether that name, file or run is an autoencoder; False for what cannot be opened: the judge will say why."""
    from safelight.errors import SafelightError
    from safelight.journal.run import Run
    from safelight.runtime.codes import find_pair

    try:
        if Path(model).is_dir():
            from safelight.training.crafts import from_json

            return bool(from_json(Run.open(model).recipe_json).task == "code")
        return bool(find_pair(model))
    except SafelightError:
        return False


def judge_autoencoder(model: str, data: Path, out: Path, split: str, limit: int | None, seed: int) -> None:
    """Judge, write the report, and say what was found."""
    from safelight.app.progress import Bars
    from safelight.data.cache import open_dataset
    from safelight.judging.codes.distances import LiteFeatures
    from safelight.judging.codes.judge import judge_codes
    from safelight.judging.codes.report import write_code_report

    with Bars() as bars:
        training = open_dataset(
            data, "train", progress=lambda done, total, what: bars.show(what, done, total)
        )
        held_out = open_dataset(data, None if split == "all" else split)
        subject, sources = open_subject(model, training)
        judged = judge_codes(
            subject,
            Path(model).name.removesuffix(".onnx"),
            held_out,
            training,
            sources,
            LiteFeatures(),
            limit=limit,
            seed=seed,
            dataset=data.name,
            split=split,
            progress=bars.show,
        )
    page = write_code_report(judged, out)
    if Path(
        model
    ).is_dir():  # a run keeps what was said about it, by a name that the judge of color does not read
        from safelight.journal.run import Run

        stamp = judged.verdict.judged.replace(":", "-")
        judged.verdict.save(Run.open(model).folder / "verdicts" / "codes" / f"{stamp}-{split}.json")
    click.echo("\n".join(judged.verdict.sentences))
    click.echo(f"the report is {page}")


def open_subject(model: str, training: "PictureSet") -> "tuple[Subject, Sources]":
    """What is judged, and how its samples are drawn. Raises SafelightError.

    Of a run the mixture is fitted here, on the training pictures alone; of an exported one it is its own.
    """
    from functools import partial

    from safelight.judging.codes.subject import ExportedCodes
    from safelight.runtime.codes import load_vae

    if not Path(model).is_dir():
        vae = load_vae(model)
        return ExportedCodes(vae), {
            "mixture": partial(vae.sample, source="mixture"),
            "prior": partial(vae.sample, source="prior"),
        }
    import numpy as np

    from safelight.journal.run import Run
    from safelight.training.code.mixture import choose_mixture
    from safelight.training.code.predict import NetworkCodes, codes_of
    from safelight.training.fit import trained_network

    network, recipe = trained_network(Run.open(model))
    codes = codes_of(network, training, recipe.preparation)
    mixture, _ = choose_mixture(codes[::2], codes[1::2], np.random.default_rng(0))
    return NetworkCodes(network, recipe.preparation), {
        "mixture": mixture.sample,
        "prior": lambda count, rng: rng.standard_normal((count, network.settings.latent), np.float32),
    }
