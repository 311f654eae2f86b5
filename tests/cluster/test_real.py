"""A real Ray: one of this machine alone, and a cluster of two nodes. Each test is minutes; `make test-cluster`."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

pytest.importorskip("ray")

from safelight.pixels.files import write_photo
from tests.cluster.namespace import ROOT, alone, environment, is_allowed
from tests.cluster.scenario import ledger, tree
from tests.runtime.tiny import make_model

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(not is_allowed(), reason="a network namespace cannot be made here (unshare --net)"),
]
Quiet: TypeAlias = dict[str, tuple[str, dict[str, list[str]]]]
COUNT = 240
MODEL = "tiny.onnx"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos in `in`, one of them no picture, and a model."""
    folder = tmp_path_factory.mktemp("cluster")
    rng = np.random.default_rng(0)
    (folder / "in/deep").mkdir(parents=True)
    for number in range(COUNT):
        grey = rng.integers(60, 200, (24, 32, 1), np.uint8).repeat(3, 2)
        write_photo(folder / "in" / ("deep" if number % 3 else "") / f"{number:03}.png", grey)
    (folder / "in/bad.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    make_model(folder)
    return folder


def run(home: Path, *words: str | Path, network: bool = False) -> subprocess.CompletedProcess[str]:
    """A command in the folder, in a network of its own unless it needs none."""
    line = [sys.executable, "-m", *map(str, words)]
    return subprocess.run(
        line if network else alone(*line),
        cwd=home,
        env=environment(home),
        capture_output=True,
        encoding="utf-8",
        timeout=3600,
        check=False,
    )


@pytest.fixture(scope="module")
def quiet(home: Path) -> Quiet:
    """The tree and the ledger of local runs, by their settings."""
    found = {}
    for vivid in ("0.5", "1"):
        out = f"local-{vivid}"
        words = ("colorize", "in", "-o", out, "--model", MODEL, "--vivid", vivid)
        done = run(home, "safelight", *words, network=True)
        assert done.returncode == 1, done.stderr  # bad.png
        found[vivid] = tree(home / out), ledger(home / out)
    assert found["0.5"] != found["1"]
    return found


@pytest.fixture(scope="module")
def told(home: Path) -> dict[str, dict[str, Any]]:
    """What became of each part of the scenario."""
    parts = ("driver", "settings", "worker", "node")
    done = run(home, "tests.cluster.scenario", home, MODEL, *parts)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert done.returncode == 0, done.stderr
    return {line["part"]: line for line in lines}


@pytest.mark.parametrize("part", ["driver", "settings", "worker", "node"])
def test_what_is_killed_leaves_the_results_of_a_quiet_local_run(
    part: str, told: dict[str, dict[str, Any]], quiet: Quiet
) -> None:
    facts = told[part]
    assert facts["there"] < COUNT  # it was killed in the middle
    assert facts.get("killed", 1) > 0
    assert facts["status"] == 1  # of bad.png alone
    assert "bad.png" in facts["err"]
    assert ", 1 failed" in facts["out"]
    assert (facts["tree"], facts["ledger"]) == quiet["1" if part == "settings" else "0.5"]
    assert facts["left"] == (
        [".safelight"] if part == "settings" else []
    )  # the list of the batch that was given up


def test_ray_of_this_machine_alone(home: Path, quiet: Quiet) -> None:
    """Without an address: same results, elsewhere; servers on the loopback interface alone; no line of Ray's own."""
    words = ("colorize", f"file://{home}/in", "-o", f"file://{home}/elsewhere/", "--model", MODEL)
    done = run(home, "safelight", *words, "--engine", "ray")
    assert done.returncode == 1, done.stderr
    assert (tree(home / "elsewhere"), ledger(home / "elsewhere")) == quiet["0.5"]
    assert f"file://{home}/in/bad.png" in done.stderr
    assert "servers on 127.0.0.1 alone" in done.stderr
    assert len(done.stdout.splitlines()) == 1


LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
TWO_NETWORKS = (
    "ip link set lo up && ip link add one type veth peer name two && ip addr add 10.9.8.7/24 dev one && "
    'ip link set one up && ip link set two up && ip route add default via 10.9.8.1 && exec "$@"'
)


@pytest.mark.skipif(shutil.which("ip") is None, reason="ip (iproute2) makes the second network")
def test_ray_of_this_machine_is_not_to_be_reached_from_the_network(tmp_path: Path) -> None:
    """Ray by itself would listen on all interfaces of a machine that has another than the loopback."""
    line = [
        "unshare",
        "--net",
        "sh",
        "-c",
        TWO_NETWORKS,
        "sh",
        sys.executable,
        "-m",
        "tests.cluster.listening",
    ]
    done = subprocess.run(
        line,
        cwd=ROOT,
        env=environment(tmp_path),
        capture_output=True,
        encoding="utf-8",
        timeout=1200,
        check=False,
    )
    if "not permitted" in done.stderr or "Unknown device" in done.stderr:
        pytest.skip(f"a second network cannot be made here: {done.stderr}")
    assert done.returncode == 0, done.stderr
    addresses = set(done.stdout.split())
    assert addresses
    assert addresses <= LOOPBACK
