"""A trained autoencoder as two ONNX files with their cards, checked against torch on real pictures."""

import tempfile
import warnings
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from jaxtyping import Float32
from torch import Tensor, nn

from safelight.errors import ModelError
from safelight.files import new_file
from safelight.runtime.card import ModelCard, Port
from safelight.runtime.modelfile import find_model, write_card
from safelight.runtime.session import Session
from safelight.tasks.autoencode.network import VAE
from safelight.tasks.autoencode.restore import DECODER, ENCODER
from safelight.tasks.colorize.export import halve

OPSET = 18
CODE_TOLERANCE, PICTURE_TOLERANCE = 0.05, 2 / 255  # in a code's units, where the prior's sd is 1; of 0..1


class Recognition(nn.Module):
    """The encoder with plain tensors as its outputs."""

    def __init__(self, network: VAE) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> tuple[Tensor, Tensor]:
        """A picture to the mean and the sd of its code."""
        mean, log_var = self.network.encode(picture)
        return mean, torch.exp(0.5 * log_var)


class Generation(nn.Module):
    """The decoder with a plain tensor as its output."""

    def __init__(self, network: VAE) -> None:
        super().__init__()
        self.network = network

    def forward(self, code: Tensor) -> Tensor:
        """A code to its picture."""
        return self.network.decode(code).mean.clamp(0, 1)


@dataclass(frozen=True)
class Parity:
    """Largest difference between torch and the exported files: of a code's numbers, of values 0..1."""

    pictures: int
    code: float
    picture: float


def ports(size: int, latent: int) -> tuple[Port, Port, Port, Port]:
    """picture in, mean and sd out; code in, picture out."""
    code = (1, latent)
    seen = "sRGB; outside of the photo's box mid grey"
    return (
        Port("picture", (1, 3, size, size), (0.0, 1.0), seen),
        Port("mean", code, (-1e3, 1e3), "mean of the code's posterior; the prior is N(0, 1)"),
        Port("sd", code, (0.0, 60.0), "standard deviation of the code's posterior"),
        Port("code", code, (-1e3, 1e3), "a code; the prior is N(0, 1)"),
    )


def export_pair(
    network: VAE, card: ModelCard, base: Path, pictures: Float32[np.ndarray, "n 3 s s"]
) -> Parity:
    """Write BASE.encoder.onnx and BASE.decoder.onnx with cards, and compare them with torch on these pictures.

    card: of the whole; task, inputs, outputs and size are filled in. Raises ModelError, and then writes nothing.
    """
    if not len(pictures):
        raise ModelError("there are no pictures to check the exported model with; expected one at least")
    network = network.eval().to(memory_format=torch.contiguous_format)
    picture, mean, sd, code = ports(network.size, network.settings.latent)
    encoder = replace(card, task="encode", size=network.size, inputs=(picture,), outputs=(mean, sd))
    decoder = replace(card, task="decode", size=network.size, inputs=(code,), outputs=(picture,))
    parts = {
        ENCODER: (encoder, to_onnx(Recognition(network), encoder)),
        DECODER: (decoder, to_onnx(Generation(network), decoder)),
    }
    with tempfile.TemporaryDirectory() as folder:
        _write(parts, Path(folder) / base.name)
        parity = compare(network, Path(folder) / base.name, pictures)
    if not (parity.code <= CODE_TOLERANCE and parity.picture <= PICTURE_TOLERANCE):  # NaN fails this too
        raise ModelError(
            f"the exported model differs from torch by {parity.code:.3g} in codes and {parity.picture:.3g} in "
            f"pictures; expected at most {CODE_TOLERANCE} and {PICTURE_TOLERANCE:.3g}: not written; please report it"
        )
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{base.parent}: cannot be made ({error.strerror}); give -o in a folder") from None
    _write(parts, base)
    return parity


def to_onnx(part: nn.Module, card: ModelCard) -> bytes:
    """One half as ONNX, large weights in half precision."""
    model = halve(traced(part, card))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def traced(part: nn.Module, card: ModelCard) -> onnx.ModelProto:
    """One half as ONNX."""
    names = [port.name for port in card.inputs], [port.name for port in card.outputs]
    question = torch.rand([int(side) for side in card.inputs[0].shape])
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path = Path(folder) / "model.onnx"
        torch.onnx.export(
            part.eval(),
            (question,),
            path,
            dynamo=False,
            input_names=names[0],
            output_names=names[1],
            opset_version=OPSET,
        )
        return onnx.load(path)


def compare(network: VAE, base: Path, pictures: Float32[np.ndarray, "n 3 s s"]) -> Parity:
    """Largest differences between torch and the exported files over these pictures."""
    encode = Session(find_model(Path(f"{base}{ENCODER}"), "encode"))
    decode = Session(find_model(Path(f"{base}{DECODER}"), "decode"))
    apart = []
    for picture in pictures:
        with torch.inference_mode():
            mean, sd = Recognition(network)(torch.from_numpy(picture)[None])
            decoded = Generation(network)(mean)
        reply = encode(picture=picture)
        codes = [np.abs(reply["mean"] - mean[0].numpy()).max(), np.abs(reply["sd"] - sd[0].numpy()).max()]
        given = decode(code=mean[0].numpy())["picture"]
        apart.append((max(codes), np.abs(given - decoded[0].numpy()).max()))
    code, shown = np.max(apart, axis=0)  # NaN if any is, unlike Python's max
    return Parity(len(pictures), float(code), float(shown))


def _write(parts: dict[str, tuple[ModelCard, bytes]], base: Path) -> None:
    for ending, (card, content) in parts.items():
        path = Path(f"{base}{ending}")
        with new_file(path, overwrite=True) as file:
            file.write(content)
        write_card(replace(card, parameters=max(card.parameters, 1)), path)
