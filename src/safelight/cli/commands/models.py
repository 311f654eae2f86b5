"""safelight models: the bundled models."""

from __future__ import annotations

import click

from safelight.runtime import modelfile
from safelight.tasks import registry
from safelight.tasks.autoencode import restore

EXAMPLES = """
\b
Example:
  safelight models
"""


@click.command(epilog=EXAMPLES)
def models() -> None:
    """List the models that come with safelight."""
    bundled: dict[str, list[modelfile.ModelFile]] = {}
    for model in modelfile.list_bundled():  # an autoencoder is two files of one name
        name = model.path.name.removesuffix(restore.ENCODER).removesuffix(restore.DECODER)
        bundled.setdefault(name.removesuffix(".onnx"), []).append(model)
    if not bundled:
        click.echo("no model is bundled; give one with --model MODEL.onnx")
    for name, parts in bundled.items():
        click.echo(_line(name, parts))


def _line(name: str, parts: list[modelfile.ModelFile]) -> str:
    card = parts[0].card
    npz = parts[0].path.parent.glob(f"{name}.*.npz")  # from which an autoencoder samples
    size = sum(path.stat().st_size for path in (*(part.path for part in parts), *npz)) / 1e6
    names = " and ".join(sorted({part.card.task for part in parts}, reverse=True))
    task = registry.task_named(card.task)
    users = f"; used by {task.used_by}" if name == task.bundled else ""
    return (
        f"{name:12} {names}, {card.parameters / 1e6:.1f} M parameters, {size:.1f} MB, {card.license}, "
        f"made {card.created}{users}"
    )
