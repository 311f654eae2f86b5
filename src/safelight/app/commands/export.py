"""safelight export: a trained run becomes a file that needs no torch."""

from pathlib import Path

import click

EXAMPLES = """
\b
Example:
  safelight export runs/2026-11-22_11h51m10s-color -o model.onnx

Writes model.onnx, model.card.json and model.card.md; safelight colorize --model model.onnx uses it.
"""


@click.command(short_help="Write the model of a run as ONNX, with its card.", epilog=EXAMPLES)
@click.argument("run", type=click.Path(path_type=Path), metavar="RUN")
@click.option("-o", "out", required=True, type=click.Path(path_type=Path), metavar="MODEL.onnx")
def export(run: Path, out: Path) -> None:
    """Write the model of a RUN as ONNX with its card, and check that it answers as torch does."""
    raise NotImplementedError
