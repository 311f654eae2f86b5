"""Annotations of arrays cost nothing at the start of a command, and are jaxtyping's for whoever has imported it."""

import subprocess
import sys

import pytest


def said_by(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("module", ["colorize", "fill", "repair", "scratches", "reconstruct"])
def test_what_works_photos_does_without_jaxtyping(module: str) -> None:
    """Its import takes a tenth of a second; import types from safelight.shaped instead."""
    assert said_by(f"import sys, safelight.batch.{module}; print('jaxtyping' in sys.modules)") == "False"


def test_types_are_plain_arrays_then() -> None:
    code = """
import numpy as np
from safelight.shaped import Float32, UInt8
print(Float32[np.ndarray, "h w 3"] is np.ndarray, UInt8[np.ndarray, "h w"] | None)
"""
    assert said_by(code) == "True numpy.ndarray | None"


def test_types_are_jaxtypings_where_it_was_imported() -> None:
    code = """
import jaxtyping, numpy as np
from safelight.shaped import Float32
print(isinstance(np.zeros((2, 3), np.float32), Float32[np.ndarray, "h 3"]),
      isinstance(np.zeros((2, 4), np.float32), Float32[np.ndarray, "h 3"]))
"""
    assert said_by(code) == "True False"
