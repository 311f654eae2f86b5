"""A network from planes to planes as an ONNX file with its card, checked against torch on real pictures."""

import tempfile
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import nn

from safelight.arrays import Planes
from safelight.errors import ModelError
from safelight.files import new_file
from safelight.runtime.card import ModelCard, Port
from safelight.runtime.modelfile import find_model, write_card
from safelight.runtime.session import Session
from safelight.tasks.colorize.export import halve

OPSET = 18
USED_AT = (
    32  # photos are looked at in sizes that are multiples of this (runtime/fill.py, runtime/scratches.py)
)


def export_planes(
    network: nn.Module,
    multiple: int,
    card: ModelCard,
    path: Path,
    questions: list[Planes],
    ports: tuple[Port, Port],
    tolerance: float,
) -> float:
    """Write MODEL.onnx and its card; the largest difference from torch on these questions (real pictures).

    multiple: sizes that the network takes. ports: what it is asked and what it answers, for the card.
    tolerance: in units of the answer. Raises ModelError, and then nothing new stands at `path`.
    """
    if not questions:
        raise ModelError("there are no pictures to check the exported model with; expected one at least")
    if USED_AT % multiple:
        raise ModelError(
            f"this network takes multiples of {multiple} pixels, photos are looked at in multiples of "
            f"{USED_AT}: train it with fewer --model.steps"
        )
    network = network.eval().to(memory_format=torch.contiguous_format)
    card, content = replace(card, inputs=ports[:1], outputs=ports[1:]), to_onnx(network, ports)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / path.name
        draft.write_bytes(content)
        write_card(card, draft)
        apart = largest_difference(network, Session(find_model(draft, card.task)), questions)
    if not apart <= tolerance:  # NaN fails this too
        raise ModelError(
            f"the exported model differs from torch by {apart:.3g}; expected at most {tolerance:.3g}: "
            "not written; please report it with the recipe"
        )
    _publish(content, card, path)
    return apart


def to_onnx(network: nn.Module, ports: tuple[Port, Port]) -> bytes:
    """The network as ONNX, any height and width that are multiples of its own, large weights in half precision."""
    model = halve(traced(network, ports))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def traced(network: nn.Module, ports: tuple[Port, Port]) -> onnx.ModelProto:
    """The network as ONNX, any height and width that are multiples of its own."""
    names = [[port.name] for port in ports]
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        path = Path(folder) / "model.onnx"
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.rand(1, int(ports[0].shape[1]), 64, 96),),
            path,
            dynamo=False,
            input_names=names[0],
            output_names=names[1],
            dynamic_axes={port.name: {2: "height", 3: "width"} for port in ports},
            opset_version=OPSET,
        )
        return onnx.load(path)


def largest_difference(network: nn.Module, session: Session, questions: list[Planes]) -> float:
    """Between torch and the session over these questions; NaN if any is."""
    apart = []
    for planes in questions:
        with torch.inference_mode():
            answer = network(torch.from_numpy(planes)[None])[0].numpy()
        apart.append(np.abs(next(iter(session(planes=planes).values())) - answer).max())
    return float(np.max(apart))


def _publish(content: bytes, card: ModelCard, path: Path) -> None:
    """The file stands there whole, or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(f"{path.parent}: cannot be made ({error.strerror}); give -o in a folder") from None
    with new_file(path, overwrite=True) as file:
        file.write(content)
    write_card(card, path)
