"""The processors that may be used: by affinity, and by the control groups of both versions."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from safelight.runtime import cores
from tests.cli.shell import ENVIRONMENT


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(cores, "GROUPS", tmp_path / "groups")
    monkeypatch.setattr(cores, "OWN_GROUPS", tmp_path / "own")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(8)), raising=False)
    return tmp_path


def write(root: Path, own: str, **files: str) -> None:
    (root / "own").write_text(own)
    for name, text in files.items():
        path = root / "groups" / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.parametrize(
    ("quota", "expected"), [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("1000 100000", 1)]
)
def test_a_quota_of_version_2_counts_a_part_as_a_whole(groups: Path, quota: str, expected: int) -> None:
    write(groups, "0::/box/inner\n", box__inner__cpu_dot_max="max 100000\n", box__cpu_dot_max=quota + "\n")
    assert cores.usable_cores() == expected


def test_a_container_that_sees_its_own_group_as_the_uppermost_one(groups: Path) -> None:
    write(groups, "0::/docker/0123abc\n", cpu_dot_max="300000 100000\n")
    assert cores.usable_cores() == 3


@pytest.mark.parametrize(("quota", "expected"), [("-1", 8), ("400000", 4)])
def test_a_quota_of_version_1(groups: Path, quota: str, expected: int) -> None:
    write(
        groups,
        "4:memory:/m\n2:cpu,cpuacct:/box\n1:name=systemd:/x\n0::/\n",
        **{
            "cpu,cpuacct__box__cpu_dot_cfs_quota_us": quota,
            "cpu,cpuacct__box__cpu_dot_cfs_period_us": "100000",
        },
    )
    assert cores.usable_cores() == expected


def test_where_nothing_is_said_or_what_is_said_is_no_number_there_is_no_limit(groups: Path) -> None:
    assert cores.usable_cores() == 8
    write(groups, "0::/\n", cpu_dot_max="nothing here\n")
    assert cores.usable_cores() == 8


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_a_process_bound_to_one_processor_takes_one() -> None:
    one = min(os.sched_getaffinity(0))
    code = f"""
import os
from safelight.runtime.cores import usable_cores
os.sched_setaffinity(0, {{{one}}})
print(usable_cores())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, check=True, timeout=60
    )
    assert done.stdout == "1\n"


def test_work_in_a_thread_may_be_told_to_take_fewer() -> None:
    with cores.taking(1):
        assert cores.own_cores() == 1
    assert cores.own_cores() == cores.usable_cores()
