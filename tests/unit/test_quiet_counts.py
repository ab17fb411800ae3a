"""What an installed quiet cycle asks of the kernel: counted, never timed.

The bounds are a tenth to a third above what was counted when they were written (CPython 3.11:
2,300 system calls, 250 look-ups of files, 2 programs, no sync, 2.2 kB), so that what slips in is
noticed and another Python is not.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from benchmarks.cycle_cost.counts import Counts, count
from benchmarks.cycle_cost.healthy_host import HealthyHost, Public
from benchmarks.cycle_cost.run import installed_once


@pytest.fixture(scope="module")
def counts() -> Iterator[Counts]:
    if shutil.which("strace") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("strace must be there in CI")
        pytest.skip("strace is not installed")
    with HealthyHost(Public.HTTP) as host:
        once = installed_once(host)
        subprocess.run(once, env=host.environ, stdin=subprocess.DEVNULL, check=True)
        yield count(once, host.environ, str(host.folder))


def test_it_starts_three_programs_at_the_most(counts: Counts) -> None:
    assert 0 < counts.programs <= 3


def test_it_waits_for_no_disk(counts: Counts) -> None:
    assert counts.syncs == 0


def test_it_writes_a_line_and_a_snapshot(counts: Counts) -> None:
    assert 0 < counts.bytes_written < 4_000


def test_it_looks_for_few_files(counts: Counts) -> None:
    assert counts.look_ups < 330


def test_it_makes_few_system_calls(counts: Counts) -> None:
    assert counts.syscalls < 3_000
