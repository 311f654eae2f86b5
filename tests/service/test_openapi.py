"""schemathesis: requests made of the OpenAPI document, good and bad; every answer is one that is declared."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.service.limits import Limits
from tests.service.conftest import running

pytest.importorskip("schemathesis")
HERE = Path(__file__).parent


def fuzzed(grey_photo: Path, examples: int, seconds: float, phases: str, seed: int = 1) -> int:
    """Run all checks against a service; the number of cases. A minute for an answer: the machine may be busy."""
    with running(Limits(photos=1_000_000, waiting=10_000, short_waiting=1000)) as service:
        assert (
            service.client.get("/openapi.json").status_code == 200
        )  # made once, in seconds of a busy machine
        ids = " ".join(service.send(grey_photo)["id"] for _ in range(3))
        done = subprocess.run(
            [
                *(
                    sys.executable,
                    "-m",
                    "schemathesis.cli",
                    "--config-file",
                    str(HERE / "schemathesis.toml"),
                    "run",
                ),
                *(f"{service.address}/openapi.json", "--checks", "all", "--max-examples", str(examples)),
                *("--seed", str(seed), "--phases", phases, "--no-color"),
                *("--exclude-path", "/v1/jobs/events", "--request-timeout", "60"),
                *("--max-response-time", "60", "--suppress-health-check", "all"),
            ],
            capture_output=True,
            text=True,
            timeout=seconds,
            env={
                **os.environ,
                "SAFELIGHT_PHOTOS": ids,
                "SCHEMATHESIS_HOOKS": "tests.service.hooks",
                "NO_PROXY": "*",
                "PYTHONPATH": os.pathsep.join(
                    (str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")]))
                ),
            },
            cwd=grey_photo.parent,
            check=False,
        )
        assert service.client.get("/health").status_code == 200, "the process is alive"
    said = done.stdout + done.stderr
    assert done.returncode == 0, said[-6000:]
    found = re.search(r"([\d,]+) generated", said)
    assert found, said[-3000:]
    return int(found[1].replace(",", ""))


def test_a_few_cases_of_every_operation(grey_photo: Path) -> None:
    assert fuzzed(grey_photo, 2, 500, "fuzzing") > 40


@pytest.mark.slow
def test_twenty_thousand_cases(grey_photo: Path) -> None:
    """In parts, each with a seed and a service of its own, so that a failure comes early and can be seen again."""
    cases, seed = 0, 0
    while cases < 20_000:
        seed += 1
        cases += fuzzed(grey_photo, 100, 14_400, "coverage,fuzzing", seed)
        print(f"seed {seed}: {cases:,} cases so far, no failure")
