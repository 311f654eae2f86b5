"""safelight scratches: find scratches, cracks and dust; write them as a mask."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from safelight.app.outcomes import plan_jobs, report, tell_jobs

if TYPE_CHECKING:
    from safelight.runtime.batch import Job
    from safelight.tasks.scratches import ScratchSettings

EXAMPLES = """
\b
Examples:
  safelight scratches portrait.jpg                     writes portrait-mask.png, white on the damage
  safelight scratches portrait.jpg -o mask.png --sensitivity 0.7 --dark
  safelight scratches scans/ -o masks/                 a whole folder; run it again to go on

Look at the mask before it is filled, and correct it in any paint program: what is white will be replaced. Thin
bright things that belong to the picture, such as wires or a highlight on a nose, look like scratches to it.

Exit status: 0 every photo has its mask, 1 some failed (each said in one line), 2 wrong usage, 130 stopped.
"""


@click.command(short_help="Find scratches, cracks and dust; write them as a mask.", epilog=EXAMPLES)
@click.argument("photos", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PHOTO...")
@click.option(
    "-o", "out", type=click.Path(path_type=Path), metavar="MASK", help="A .png for one photo, or a folder."
)
@click.option(
    "--sensitivity",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="From plain scratches only to much that is none.",
)
@click.option("--dark", is_flag=True, help="Look for dark scratches too.")
@click.option("--no-dust", is_flag=True, help="Leave out specks.")
@click.option(
    "--grow", type=click.IntRange(0), default=1, show_default=True, help="Grow the mask by N pixels."
)
@click.option("--overwrite", is_flag=True, help="Replace masks that are already there.")
@click.option("--dry-run", is_flag=True, help="Say what would be done; write nothing.")
def scratches(
    photos: tuple[Path, ...],
    out: Path | None,
    sensitivity: float,
    dark: bool,
    no_dust: bool,
    grow: int,
    overwrite: bool,
    dry_run: bool,
) -> int:
    """Find scratches, cracks and dust in each PHOTO: a mask of its size, white = damaged, for safelight fill."""
    from safelight.runtime.batch import filled_name, mask_name, repaired_name, result_name, run
    from safelight.tasks.scratches import ScratchSettings

    jobs = plan_jobs(photos, out, (mask_name, filled_name, repaired_name, result_name))
    if dry_run:
        return tell_jobs(jobs, overwrite)
    settings = ScratchSettings(sensitivity, dark=dark, dust=not no_dust, margin=grow)
    return report(
        run(jobs, lambda job: _find_one(job, settings, overwrite), overwrite),
        len(jobs),
        "looking",
        "looked through",
    )


def _find_one(job: "Job", settings: "ScratchSettings", overwrite: bool) -> tuple[str, ...]:
    """One photo's mask; how much is damaged."""
    from safelight.pixels.files import read_photo
    from safelight.tasks.holes_files import write_mask
    from safelight.tasks.scratches import find_scratches

    mask = find_scratches(read_photo(job.photo).pixels, settings)
    write_mask(job.result, mask, overwrite=overwrite)
    share = float(mask.mean())
    return (
        f"{share:.1%} of it is marked as damaged" if share else "no scratches were found; the mask is empty",
    )
