"""safelight models: what is bundled."""

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from safelight.runtime.modelfile import ModelFile

EXAMPLES = """
\b
Example:
  safelight models
"""


@click.command(epilog=EXAMPLES)
def models() -> None:
    """List the models that come with safelight."""
    from safelight.runtime.modelfile import list_bundled
    from safelight.tasks.autoencode.restore import DECODER, ENCODER

    bundled: dict[str, list[ModelFile]] = {}
    for model in list_bundled():  # an autoencoder is two files of one name
        name = model.path.name.removesuffix(ENCODER).removesuffix(DECODER).removesuffix(".onnx")
        bundled.setdefault(name, []).append(model)
    if not bundled:
        click.echo("no model is bundled; give one with --model MODEL.onnx")
    for name, files in bundled.items():
        click.echo(_line(name, files))


def _line(name: str, files: "list[ModelFile]") -> str:
    from safelight.tasks.registry import task_named

    card = files[0].card
    beside = files[0].path.parent.glob(f"{name}.*.npz")  # from which an autoencoder samples
    size = sum(path.stat().st_size for path in (*(file.path for file in files), *beside)) / 1e6
    task = task_named(card.task)
    used = f"; used by {task.used_by}" if name == task.bundled else ""
    return (
        f"{name:12} {' and '.join(sorted({file.card.task for file in files}, reverse=True))}, "
        f"{card.parameters / 1e6:.1f} M parameters, {size:.1f} MB, {card.license}, made {card.created}{used}"
    )
