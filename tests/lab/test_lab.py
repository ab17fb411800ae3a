"""The lab itself: what the other tests rely on."""

import pytest

from tests.lab.host import GATEWAY, Host
from tests.lab.lab import Lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]


def test_it_has_an_ordinary_user_with_a_systemd_and_a_journal_of_his_own(lab: Lab) -> None:
    # journald asks /proc whose line it is, so what says it has to live a little longer.
    command = "/bin/sh -c 'echo hello there; sleep 5'"
    lab.write("~/.config/systemd/user/hello.service", f"[Service]\nExecStart={command}\n")
    lab.systemctl("daemon-reload")
    lab.systemctl("start", "hello")
    lab.wait_for(lambda: "hello there" in lab.journal("hello"))
    assert lab.must("id", "-u").strip() == str(lab.uid)
    assert not lab.run("cat", "/etc/shadow")
    assert lab.starts("hello.service") == 1


def test_the_stand_in_gateway_runs_as_a_unit_on_the_fixed_ports(host: Host) -> None:
    assert host.gateway_starts() == 1
    took = host.time_outage("systemctl", "--user", "restart", GATEWAY)
    assert took < 10
    assert host.gateway_starts() == 2


def test_it_leaves_nothing_behind(lab: Lab) -> None:
    slices = lab.cgroups()
    assert all(folder.exists() for folder in slices)
    lab.close()
    assert not any(folder.exists() for folder in slices)
