"""Every command that the doctor prints can be pasted, whatever the things are called."""

import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from picoclaw_watchdog.core.commands import word
from picoclaw_watchdog.doctor.finding import Finding
from picoclaw_watchdog.doctor.seen import Seen
from picoclaw_watchdog.ports import Funnel
from tests.unit.doctor_faults import FAULTS
from tests.unit.doctor_faults.planting import Fault, has, unit
from tests.unit.doctoring import GATEWAY, found, healthy, not_in_order

NASTY = (
    r"foo\x2dbar@a b.service",
    r"CORP\alice",
    "~/o'neil's \"pico\"/.env",
    "$(touch /tmp/pwned); `id` & | > x",
    "50% {of} *",
)
BROKEN = (
    unit(GATEWAY, ActiveState="failed", Result="start-limit-hit"),
    unit(GATEWAY, ActiveState="failed", Result="exit-code", ExecMainStatus="203"),
    unit(GATEWAY, LoadState="bad-setting", ActiveState="inactive"),
    unit(GATEWAY, ActiveState="inactive"),
    unit(GATEWAY, UnitFileState="disabled"),
)


def findings(fault: Fault, home: Path) -> list[Finding]:
    seen = healthy(home)
    fault.plant(seen)
    return [entry.finding for entry in not_in_order(seen)]


def with_names(finding: Finding, name: str) -> Finding:
    """The same, about things of another name."""
    facts = {key: name if isinstance(each, str) else each for key, each in finding.facts.items()}
    return finding._replace(facts=facts)


def words_of(command: str) -> list[str]:
    checked = subprocess.run(
        ["/bin/bash", "-n", "-c", command], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, f"{command}: {checked.stderr}"
    return shlex.split(command)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_remedy_can_be_pasted_and_means_the_thing_that_it_names(
    fault: Fault, tmp_path: Path
) -> None:
    for finding in findings(fault, tmp_path):
        for name in NASTY:
            nasty = with_names(finding, name)
            for language in ("en", "ja"):
                remedy = nasty.remedy(language)
                if finding.words.remedy_ja:  # words around a command
                    assert name not in remedy or word(name) in remedy
                    continue
                words = words_of(remedy)
                if remedy != finding.remedy(language):  # it names something
                    rest = name.removeprefix("~/")
                    assert any(rest in each for each in words), remedy


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_no_remedy_of_a_fault_names_more_than_one_exact_right(fault: Fault, tmp_path: Path) -> None:
    for finding in findings(fault, tmp_path):
        for language in ("en", "ja"):
            assert "funnel *" not in finding.remedy(language)
            assert "sudotailscale" not in finding.remedy(language)


@pytest.mark.parametrize("operator", [True, False])
def test_the_funnel_is_published_by_the_command_with_or_without_sudo(
    tmp_path: Path, *, operator: bool
) -> None:
    seen = healthy(tmp_path)
    assert seen.rights is not None
    seen.rights = seen.rights._replace(operator=operator)
    seen.funnel = Funnel()
    (entry,) = found(seen, "funnel")
    sudo = "" if operator else "sudo "
    assert entry.finding.remedy("en") == f"{sudo}tailscale funnel --bg 18791"


@pytest.mark.parametrize("plant", BROKEN)
def test_the_systems_gateway_is_never_reached_by_the_users_systemctl(
    plant: Callable[[Seen], None], tmp_path: Path
) -> None:
    seen = healthy(tmp_path)
    plant(seen)
    has(gateway_is_the_systems=True)(seen)
    remedies = [entry.finding.remedy("en") for entry in not_in_order(seen)]
    assert "sudo systemctl status picoclaw-gateway.service" in remedies
    assert len(remedies) == 2
    for remedy in remedies:
        assert "--user" not in remedy
        assert "picoclaw-watchdog install" not in remedy
