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

USERS = {
    "color": "colorize, suggest, repair --color",
    "fill": "fill, repair",
    "scratches": "scratches, repair",
    "figures": "sample, reconstruct, interpolate, encode",
}  # name of a bundled model -> the commands that use it where no --model is given


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
    card = files[0].card
    beside = files[0].path.parent.glob(f"{name}.*.npz")  # from which an autoencoder samples
    size = sum(path.stat().st_size for path in (*(file.path for file in files), *beside)) / 1e6
    used = f"; used by {USERS[name]}" if name in USERS else ""
    return (
        f"{name:12} {' and '.join(sorted({file.card.task for file in files}, reverse=True))}, "
        f"{card.parameters / 1e6:.1f} M parameters, {size:.1f} MB, {card.license}, made {card.created}{used}"
    )
