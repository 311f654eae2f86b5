"""The plain U-Net as ONNX by tracing, with free height and width, as torch answers."""

import io
import warnings
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from safelight.nn.bottleneck import BottleneckSettings
from safelight.nn.export import OPSET
from tests.nn.plain_kinds import plain_network, question

EXPORTED: dict[str, dict[str, Any]] = {
    "plain": {"skip_gates": True, "skips": (0, 1), "downsampling": "blur_pool"},
    "gated": {
        "convolution": "gated",
        "upsampling": "bilinear",
        "norm": "group",
        "bottleneck": BottleneckSettings(width=8, self_attention=2, contextual=True),
    },
    "partial": {"convolution": "partial", "norm": "instance"},
}


@pytest.mark.parametrize("kind", EXPORTED)
def test_a_session_answers_as_torch_at_every_size(kind: str) -> None:
    network = plain_network(**EXPORTED[kind]).eval()
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            question((32, 48)),
            file,  # type: ignore[arg-type]
            dynamo=False,
            input_names=["x", "mask"],
            output_names=["y"],
            dynamic_axes={name: {2: "height", 3: "width"} for name in ("x", "mask", "y")},
            opset_version=OPSET,
        )
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    named = {each.name for each in session.get_inputs()}
    for size in [(32, 48), (64, 32), (20, 44)]:
        x, mask = question(size)
        with torch.inference_mode():
            wanted = network(x, mask).numpy()
        given = {"x": x.numpy(), "mask": mask.numpy()}
        answer = session.run(None, {name: given[name] for name in named})[0]
        np.testing.assert_allclose(answer, wanted, atol=2e-4, rtol=1e-3)
