"""safelight models: what is bundled."""

import click

EXAMPLES = """
\b
Example:
  safelight models
"""


@click.command(epilog=EXAMPLES)
def models() -> None:
    """List the models that come with safelight."""
    from safelight.runtime import defaults
    from safelight.runtime.modelfile import list_bundled

    bundled = list_bundled()
    if not bundled:
        click.echo("no model is bundled; give one with --model MODEL.onnx")
    for model in bundled:
        card = model.card
        click.echo(
            f"{model.path.stem:12} {card.task}, {card.parameters / 1e6:.1f} M parameters, "
            f"{model.path.stat().st_size / 1e6:.1f} MB, {card.license}, made {card.created}"
            + (" (used unless --model names another)" if model.path.stem == defaults.MODEL else "")
        )
