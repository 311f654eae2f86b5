"""safelight judge --task scratches: a network and the ridge filter look at the same drawn damage."""

from pathlib import Path
from typing import TYPE_CHECKING

from safelight.cli.sitting import Sitting, task_of, trained_for

if TYPE_CHECKING:
    from safelight.arrays import Mask
    from safelight.tasks.scratches.prepare import Preparation
    from safelight.tasks.scratches.scores import Finder, Finding


def is_finder(model: str) -> bool:
    """Whether that name, file or run finds damage."""
    from safelight.tasks.scratches.scores import CLASSICAL

    return model in CLASSICAL or task_of(model, ("scratches",)) == "scratches"


def judge_finder(sitting: Sitting) -> None:
    """Judge, write the report, and say what was found."""
    from safelight.tasks.scratches.evaluate import judge_scratches
    from safelight.tasks.scratches.report import pick_prints, write_scratches_report
    from safelight.terminal import Bars

    finder, others = open_finder(sitting.model), sitting.others(open_finder)
    with Bars() as bars:
        pictures = sitting.open(bars)
        verdict = judge_scratches(
            finder,
            sitting.labels[0],
            pictures,
            limit=sitting.limit,
            seed=sitting.seed,
            beside=others,
            dataset=sitting.data.name,
            split=sitting.split,
            folder=pictures.dataset.folder,
            workers=sitting.workers,
            progress=bars.show,
        )
    sitting.keep(verdict)
    page = write_scratches_report(verdict, sitting.out, pick_prints(verdict, finder, pictures))
    sitting.tell(verdict.sentences, page)


def open_finder(model: str) -> "Finder":
    """What finds damage: the ridge filter by name, a run, or a model. Raises SafelightError."""
    from safelight.tasks.scratches.restore import load_finder
    from safelight.tasks.scratches.scores import CLASSICAL

    if model in CLASSICAL:
        return CLASSICAL[model]
    if not Path(model).is_dir():
        finder = load_finder(model)
        return lambda srgb: _finding(finder.predict(srgb), finder.preparation)
    from safelight.tasks.scratches.validation import NetworkFinder

    network, recipe = trained_for(model, "scratches")
    look = NetworkFinder(network)
    return lambda srgb: _finding(look(srgb), recipe.preparation)


def _finding(likelihood: "Mask", preparation: "Preparation") -> "Finding":
    """A network's answer as it is used."""
    from safelight.tasks.scratches.prepare import likely_mask
    from safelight.tasks.scratches.ridge_filter import ScratchSettings
    from safelight.tasks.scratches.scores import PHOTO, Finding

    size = (likelihood.shape[0], likelihood.shape[1])
    part = ScratchSettings(part_of=PHOTO)
    return Finding(likely_mask(likelihood, size, part, preparation.threshold), likelihood)
