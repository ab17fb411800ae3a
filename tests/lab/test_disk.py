"""The disk full, read-only, or the state folder removed: mended all the same, within the budget."""

import json
from collections.abc import Callable

import pytest

from tests.lab.faults import Undo, fill_disk, lock_disk, put_on_small_disk
from tests.lab.host import STATE, WATCHDOG, Host
from tests.lab.lab import HOME
from tests.lab.witness import LINE_SETTINGS, QUICK, Witness

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

DISK = f"{HOME}/.picoclaw"  # settings, state and logs


def remove_state(host: Host) -> Undo:
    """What a hasty owner does."""
    host.lab.must("rm", "-rf", STATE.replace("~", HOME))
    return lambda: None


def test_with_a_bad_disk_it_restarts_once_where_once_is_allowed_and_tells_each_once(
    host: Host,
) -> None:
    witness = Witness(host)
    put_on_small_disk(host, DISK)
    host.watch_at_once(**QUICK, **LINE_SETTINGS, RESTART_MAX_COUNT=1)
    days: dict[str, Callable[[], Undo]] = {
        "full": lambda: fill_disk(host, DISK),
        "read-only": lambda: lock_disk(host, DISK),
        "removed": lambda: remove_state(host),
    }
    for day, begin in days.items():
        starts, told = len(witness.starts()), len(witness.messages())
        if day == "removed":  # between the restart and the next fault; the others from the start
            mended_by_crash(host, witness, starts + 1)
            end = begin()
        else:
            end = begin()
            mended_by_crash(host, witness, starts + 1)
        assert len(witness.messages()) == told + 1, (day, host.log())

        host.kill_gateway()
        host.wait_for_rest()
        for _ in range(2):
            host.cycle()
        assert host.lab.show(WATCHDOG, "Result") == "success"
        assert len(witness.starts()) == starts + 1, f"{day}: one restart was allowed"
        assert len(witness.messages()) == told + 2, (day, witness.messages()[told:])
        assert "no attempts left for now" in witness.messages()[-1]

        end()
        host.cycle()
        assert len(witness.starts()) == starts + 1, f"{day}: nothing was forgotten"
        host.give_budget_back()
        host.cycle()
        assert host.is_healthy(), (day, host.log())
        assert len(witness.messages()) == told + 3, (day, witness.messages()[told:])
        state = json.loads(host.command("status", "--json").out)
        assert (state["healthy"], state["incidents"], state["waiting_messages"]) == (True, [], 0)
        assert not host.lab.path(f"/run/user/{host.lab.uid}/picoclaw-watchdog/state.json").exists()
        host.give_budget_back()
        host.lab.run("sh", "-c", f"rm {STATE}/alert_*.ts".replace("~", HOME))  # tell me anew
    assert "internal error" not in host.log()


def mended_by_crash(host: Host, witness: Witness, starts: int) -> None:
    host.kill_gateway()
    host.lab.wait_for(lambda: len(witness.starts()) == starts, 20, "the restart")
    host.wait_for_rest()
    assert host.is_healthy()
