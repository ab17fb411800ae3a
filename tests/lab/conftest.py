"""The lab as fixtures. Where it cannot be built the tests skip; in CI they fail."""

import os
import sys
from collections.abc import Iterator

import pytest

from tests.lab.host import Host
from tests.lab.lab import Lab, why_not


@pytest.fixture
def lab() -> Iterator[Lab]:
    reason = why_not()
    if reason:
        if os.environ.get("CI") == "true":
            pytest.fail(f"the lab must run in CI: {reason}")
        pytest.skip(f"no lab: {reason}")
    lab = Lab()
    try:
        yield lab
    finally:
        sys.stdout.write(lab.read("~/.picoclaw/logs/ops-watchdog.log"))  # shown by a failure
        lab.close()


@pytest.fixture
def host(lab: Lab) -> Host:
    return Host(lab)
