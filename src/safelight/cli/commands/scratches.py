"""safelight scratches: find scratches, cracks and dust; write them as a mask."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.cli.commands.fill import PREVIEW_HELP, preview_of
from safelight.cli.given import Finite, Place
from safelight.cli.outcomes import PHOTO, plan_jobs, report, tell_jobs
from safelight.cli.size_limit import size_limit

if TYPE_CHECKING:
    from safelight.arrays import Mask
    from safelight.runtime.batch import Job
    from safelight.tasks.scratches.restore import FindMethod, ScratchFinder
    from safelight.tasks.scratches.ridge_filter import ScratchSettings

EXAMPLES = """
\b
Examples:
  safelight scratches portrait.jpg                     writes portrait-mask.png, white on the damage
  safelight scratches portrait.jpg -o mask.png --sensitivity 0.7
  safelight scratches portrait.jpg --grow 3            wider, for safelight fill: damage has a soft rim
  safelight scratches portrait.jpg --method ridge --dark
  safelight scratches scans/ -o masks/                 a whole folder; run it again to go on

It is set to leave sound photos alone, and so misses faint damage: --sensitivity 0.8 finds more, and marks more
that is sound. Look at the mask before it is filled (--preview), and correct it in any paint program: what is
white will be replaced. Stains are not looked for: paint them into the mask. The ridge filter knows nothing of
what pictures show, and marks wires, letters and lace too.

Exit status: 0 every photo has its mask, 1 some failed (each said in one line), 2 wrong usage, 130 stopped.
"""


MARKED = 0.1  # per cent: smaller shares are not given in figures
SENSITIVITY_HELP = "0 marks only what is plainly a scratch; 1 also marks much that is not damage."


@click.command(short_help="Find scratches, cracks and dust; write them as a mask.", epilog=EXAMPLES)
@click.argument("photos", nargs=-1, required=True, type=PHOTO, metavar="PHOTO...")
@click.option("-o", "out", type=Place(), metavar="MASK", help="A .png for one photo, or a folder (FOLDER/).")
@click.option(
    "--sensitivity",
    type=Finite(0, 1),
    default=0.5,
    show_default=True,
    metavar="0..1",
    help=SENSITIVITY_HELP,
)
@click.option(
    "--method",
    type=click.Choice(["auto", "network", "ridge"]),
    default="auto",
    show_default=True,
    help="network: learned; ridge: a filter for thin lines; auto: the network where a model is bundled.",
)
@click.option("--model", metavar="NAME|FILE", help="A bundled model (safelight models) or a MODEL.onnx.")
@click.option("--dark", is_flag=True, help="Ridge filter: look for dark scratches too, as the network does.")
@click.option("--no-dust", is_flag=True, help="Leave out specks.")
@click.option(
    "--grow",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    metavar="N",
    help="Grow the mask by N pixels; 3 covers the soft rim of most damage.",
)
@click.option("--preview", is_flag=True, help=PREVIEW_HELP)
@click.option("--overwrite", is_flag=True, help="Replace masks that are already there.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
@size_limit
def scratches(
    photos: tuple[Path, ...],
    out: str | None,
    sensitivity: float,
    method: "FindMethod",
    model: str | None,
    dark: bool,
    no_dust: bool,
    grow: int,
    preview: bool,
    overwrite: bool,
    dry_run: bool,
) -> int:
    """Find scratches, cracks and dust in each PHOTO: a mask of its size, white = damaged, for safelight fill."""
    from safelight.runtime.batch import run
    from safelight.runtime.names import (
        filled_name,
        mask_name,
        preview_name,
        repaired_name,
        result_name,
    )
    from safelight.tasks.scratches.restore import load_finder
    from safelight.tasks.scratches.ridge_filter import ScratchSettings

    names = (mask_name, filled_name, repaired_name, result_name, preview_name)
    jobs = plan_jobs(photos, out, names, overwrite)
    if dry_run:
        return tell_jobs(jobs, overwrite)
    settings = ScratchSettings(sensitivity, dark=dark, dust=not no_dust, margin=grow)
    finder = load_finder(model)
    return report(
        run(jobs, lambda job: _find_one(finder, job, settings, method, preview, overwrite), overwrite),
        jobs,
        "looking",
        "marked",
    )


def _find_one(
    finder: "ScratchFinder",
    job: "Job",
    settings: "ScratchSettings",
    method: "FindMethod",
    preview: bool,
    overwrite: bool,
) -> tuple[str, ...]:
    """One photo's mask; how much is damaged, and what found it."""
    from safelight.masks.files import write_mask
    from safelight.pixels.files import read_photo
    from safelight.runtime.batch import room_for

    photo = read_photo(job.photo)
    found = finder.find(photo.pixels, settings, method)
    write_mask(room_for(job.result), found.mask, overwrite=overwrite)
    if not found.mask.any():
        return (f"nothing was marked {found.title}: the mask is empty; --sensitivity 0.8 looks harder",)
    looked = preview_of(job, photo, found.mask > 0) if preview else ()
    return (f"marked {share_of(found.mask)} of the photo as damaged {found.title}", *looked)


def share_of(mask: "Mask") -> str:
    """The marked share of a photo, "3.2 %", with as many digits as it takes not to be 0."""
    percent = 100 * float((mask > 0).mean())
    return f"{percent:.1f} %" if percent >= MARKED else f"less than {MARKED:g} %"
