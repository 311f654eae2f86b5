"""The autoencoder of a run as files: encoder, decoder, cards, and the mixture of its codes."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from safelight.cli.card_of_run import Trained, base_card
from safelight.reports.text import count_pictures

if TYPE_CHECKING:
    from safelight.tasks.autoencode.network import VAE
    from safelight.tasks.autoencode.recipe import AutoencodeRecipe

CHECKED = 8  # pictures that torch and the exported files must agree on


def export_codes(trained: "Trained[VAE, AutoencodeRecipe]", out: Path) -> str:
    """Write all files of the autoencoder beside one another; one line that tells of them. Raises ModelError.

    out: NAME.onnx, which becomes NAME.encoder.onnx, NAME.decoder.onnx and NAME.codes.npz.
    """
    from safelight.tasks.autoencode.export import export_pair
    from safelight.tasks.autoencode.mixture import choose_mixture
    from safelight.tasks.autoencode.restore import CODES, DECODER, ENCODER, MIXTURE
    from safelight.tasks.autoencode.validation import codes_of, framed

    base, network, recipe = out.with_suffix(""), trained.network, trained.recipe
    trained.stage("fitting the mixture of its codes")
    mixture, scores = choose_mixture(
        codes_of(network, trained.pictures, recipe.preparation),
        codes_of(network, trained.held_out, recipe.preparation),
        np.random.default_rng(0),
    )
    content = mixture.to_bytes()
    card = base_card(trained, base.name)
    told: dict[str, object] = {"likelihood": recipe.model.likelihood, "sd": network.sd.item()}
    told |= {
        f"log density of held-out codes, mixture of {parts}, nats": score for parts, score in scores.items()
    }
    card = replace(
        card,
        size=network.size,
        preparation={**card.preparation, CODES: hashlib.sha256(content).hexdigest()},
        scores={**card.scores, **told},
    )
    trained.stage(f"writing {base.name}, and comparing it with torch")
    asked = framed(trained.held_out, network.size, recipe.preparation, CHECKED)
    parity = export_pair(network, card, base, np.stack([part.planes for part in asked]))
    Path(f"{base}{MIXTURE}").write_bytes(content)
    size = sum(Path(f"{base}{ending}").stat().st_size for ending in (ENCODER, DECODER, MIXTURE))
    return (
        f"{base}{ENCODER}, {base}{DECODER} and {base}{MIXTURE} (a mixture of {len(mixture.weights)} Gaussians): "
        f"{size / 1e6:.1f} MB, {card.parameters / 1e6:.1f} M parameters; differ from torch by at most "
        f"{parity.code:.2g} in codes and {parity.picture * 255:.2g} of 255 levels on {count_pictures(parity.pictures)}"
    )
