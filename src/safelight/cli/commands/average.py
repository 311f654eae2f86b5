"""safelight average: between a fine-tuned model and the one that it began with."""

from __future__ import annotations

from pathlib import Path

import click

from safelight.cli.arguments import PATH, Finite, overwrite_option, refuse_existing
from safelight.errors import ModelError
from safelight.runtime.folders import same_file
from safelight.runtime.modelfile import card_path, find_model
from safelight.training import average as averaging

EXAMPLES = """
\b
Examples:
  safelight train color --data datasets/photos --from color --optimizer.lr 1e-4 --minutes 30
  safelight export runs/RUN -o tuned.onnx
  safelight average tuned.onnx color -o half.onnx
  safelight average tuned.onnx color --share 0.8 -o most.onnx
  safelight judge half.onnx --data datasets/photos --beside tuned.onnx --beside color -o report

Choose the share on the val split, as judge does by default, not on the test split.
"""


@click.command(epilog=EXAMPLES)
@click.argument("tuned", metavar="TUNED")
@click.argument("base", metavar="BASE")
@click.option("-o", "out", required=True, type=PATH, metavar="MODEL.onnx", help="Output file.")
@click.option(
    "--share",
    type=Finite(0, 1),
    default=0.5,
    show_default=True,
    metavar="0..1",
    help="How much of each weight is TUNED's; the rest is BASE's.",
)
@overwrite_option
def average(tuned: str, base: str, out: Path, share: float, overwrite: bool) -> None:
    """Average the weights of a fine-tuned model and of the one that it began with.

    What fine-tuning gained on your pictures is often kept, and less is lost on others. Both are models by
    name (safelight models) or path, of one network: colorizers, fillers or finders of scratches.
    """
    if out.suffix != ".onnx":
        raise click.UsageError(f"-o is {out}; expected a name that ends in .onnx")
    one, two = (find_model(each, averaging.AVERAGED) for each in (tuned, base))
    for each in (one, two):
        if same_file(out, each.path):
            raise click.UsageError(f"-o is {out}, which is one of the two models; give another name")
    for file in (out, card_path(out), card_path(out).with_suffix(".md")):
        refuse_existing(file, overwrite)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{out.parent}: cannot be made ({error.strerror}); give -o in a folder") from None
    averaging.average(one, two, share, out)
    click.echo(f"{out}: {share:.3g} of {one.card.name}, {1 - share:.3g} of {two.card.name}; not judged yet")
    for name, (taken, other) in averaging.follows_tuned(one.card, two.card).items():
        click.echo(f"{name} is {taken}, as of {one.card.name} ({two.card.name}: {other})")
    if not averaging.began_with(one.card, two.card):
        click.echo(
            f"the cards do not say that {one.card.name} was begun with {two.card.name}: "
            "averages of models that were not are seldom of use",
            err=True,
        )
    click.echo(f"next: safelight judge {out} --data DATASET --beside {tuned} --beside {base} -o report")
