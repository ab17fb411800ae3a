"""The entry that was seen working is brought back, and nothing of anybody else changes."""

import json
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given

from picoclaw_watchdog.core.model import Entry, Outcome
from picoclaw_watchdog.core.reasons import Phase, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.demo.in_memory import InMemoryTailnet
from picoclaw_watchdog.demo.tailscaled import Tailnet, handler_for
from picoclaw_watchdog.recoveries import funnel
from tests.unit.standins.world import FakeLog, a_world
from tests.unit.tailnet import HOST, OPERATORS, OURS, config, serving
from tests.unit.test_serving import FIELD_01, configs, entries, public_places

ENTRY = Entry(HOST, 443, "/", "http://127.0.0.1:18791")
PUBLISH, RESET = "funnel --bg 18791", "funnel reset"
STRANGER = config({"/": {"Proxy": "http://127.0.0.1:3000"}}, port=8443, public=False)
MEMBER = Tailnet()  # a node whose user is nobody special


def from_outside(tailnet: InMemoryTailnet, entry: Entry = ENTRY) -> Callable[[], Verdict]:
    """The look from outside: through the pretended daemon to the target that was good."""

    def look() -> Verdict:
        found = handler_for(tailnet.there, entry.host, entry.port, entry.mount)
        good = found is not None and found[1].get("Proxy") == entry.target
        return Verdict.GOOD if good else Verdict.BAD

    return look


def mended(
    tailnet: InMemoryTailnet,
    entry: Entry = ENTRY,
    reachable: Callable[[], Verdict] | None = None,
    log: FakeLog | None = None,
) -> Outcome:
    look = reachable or from_outside(tailnet, entry)
    return funnel.mend(Settings(), a_world(tailnet=tailnet, log=log), entry, look)


def says(*verdicts: Verdict) -> Callable[[], Verdict]:
    left = list(verdicts)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def both(*parts: dict[str, object]) -> dict[str, object]:
    """Several configurations in one."""
    whole: dict[str, dict[str, object]] = {}
    for part in parts:
        for key, value in part.items():
            assert isinstance(value, dict)
            whole[key] = {**whole.get(key, {}), **value}
    return dict(whole)


# --- bringing it back


@pytest.mark.parametrize("before", [{}, None, STRANGER, config(OURS, public=False)])
def test_a_lost_entry_is_brought_back_leaf_by_leaf(before: dict[str, object] | None) -> None:
    tailnet = serving(before)
    assert mended(tailnet) == Outcome(Phase.DONE)
    assert tailnet.there.serve == both(config(OURS), before or {}, config(OURS))
    assert tailnet.changes == ["post 200"]


@pytest.mark.parametrize(
    ("entry", "typed"),
    [
        (ENTRY, PUBLISH),
        (ENTRY._replace(port=8443), "funnel --bg --https=8443 18791"),
        (
            Entry(HOST, 8443, "/webhook", "http://127.0.0.1:18790/webhook"),
            "funnel --bg --https=8443 --set-path=/webhook http://127.0.0.1:18790/webhook",
        ),
    ],
)
def test_without_a_socket_it_is_the_exact_command(entry: Entry, typed: str) -> None:
    tailnet = serving({}, socket=False)
    assert mended(tailnet, entry).phase is Phase.DONE
    assert tailnet.changes == [typed]


def test_the_port_that_last_answered_is_published_and_not_a_default() -> None:
    live = ENTRY._replace(target="http://127.0.0.1:18790")
    tailnet = serving({})
    assert mended(tailnet, live).phase is Phase.DONE
    assert tailnet.there.serve == config({"/": {"Proxy": "http://127.0.0.1:18790"}})


def test_who_is_no_operator_uses_what_sudo_allows_word_for_word() -> None:
    tailnet = serving({}, MEMBER, sudoers=(PUBLISH,))
    assert mended(tailnet) == Outcome(Phase.DONE)
    assert tailnet.changes == ["post 403", PUBLISH, f"sudo {PUBLISH}"]


def test_a_funnel_gets_moments_to_be_reachable() -> None:
    outcome = mended(serving({}), reachable=says(Verdict.BAD, Verdict.BAD, Verdict.GOOD))
    assert (outcome.phase, outcome.took) == (Phase.DONE, 1.0)


def test_what_is_not_seen_from_outside_is_not_called_mended() -> None:
    tailnet = serving({})
    outcome = mended(tailnet, reachable=says(Verdict.UNKNOWN))
    assert (outcome.phase, outcome.unseen) == (Phase.FAILED, True)
    assert tailnet.there.serve == config(OURS)
    assert tailnet.changes == ["post 200"], "nobody has seen it dead"


def test_somebody_elses_change_in_between_is_kept() -> None:
    tailnet = serving({})
    others = [STRANGER]

    def meanwhile() -> None:
        if others:
            serve = both(tailnet.there.serve or {}, others.pop())
            tailnet.there = tailnet.there._replace(serve=serve)

    tailnet.meanwhile = meanwhile
    assert mended(tailnet).phase is Phase.DONE
    assert tailnet.changes == ["post 412", "post 200"]
    assert tailnet.there.serve == both(config(OURS), STRANGER, config(OURS))


def test_a_race_is_not_won_by_force() -> None:
    tailnet = serving({})

    def meanwhile() -> None:
        serve = both(tailnet.there.serve or {}, config({}, port=len(tailnet.changes) + 1))
        tailnet.there = tailnet.there._replace(serve=serve)

    tailnet.meanwhile = meanwhile
    assert mended(tailnet).phase is Phase.FAILED
    assert tailnet.changes == ["post 412", "post 412"]


# --- what stands in the way


def unharmed(tailnet: InMemoryTailnet, serve: object) -> bool:
    return tailnet.changes == [] and tailnet.there.serve == serve


@pytest.mark.parametrize("socket", [True, False])
def test_private_pages_on_the_port_are_neither_published_nor_replaced(*, socket: bool) -> None:
    tailnet = serving(FIELD_01, socket=socket)
    outcome = mended(tailnet)
    assert outcome.phase is Phase.FAILED
    assert [line.split(" ")[0] for line in outcome.stands] == [
        f"https://{HOST}{mount}" for mount in ("/", "/bar", "/notes")
    ]
    assert outcome.advice == "sudo tailscale funnel --bg 18791"
    assert unharmed(tailnet, FIELD_01)


@pytest.mark.parametrize(
    "serve",
    [
        config({"/notes": {"Proxy": "http://127.0.0.1:3000"}}, public=False),
        {"TCP": {"443": {"TCPForward": "127.0.0.1:22"}}},
        {"Foreground": {"0123": config({"/": {"Proxy": "http://127.0.0.1:9"}})}},
        config({"/": {"Proxy": "http://127.0.0.1:8080"}}),
        {**config({"/a": {"Path": "/srv"}}), "TCP": {}},
    ],
)
@pytest.mark.parametrize("rights", [OPERATORS, MEMBER])
def test_things_of_others_are_told_and_not_touched(
    serve: dict[str, object], rights: Tailnet
) -> None:
    tailnet = serving(serve, rights, sudoers=(PUBLISH, RESET))
    outcome = mended(tailnet)
    assert outcome.phase is Phase.FAILED
    assert outcome.stands
    assert all(line.isprintable() for line in outcome.stands)
    assert unharmed(tailnet, serve)


def test_a_proxy_of_the_owners_in_our_place_stays() -> None:
    proxy = config({"/": {"Proxy": "http://127.0.0.1:80"}}, public=False)
    through = ENTRY._replace(target="http://127.0.0.1:80")
    tailnet = serving(proxy)
    assert mended(tailnet, through).phase is Phase.DONE, "the proxy was what was seen working"
    assert tailnet.there.serve == config({"/": {"Proxy": "http://127.0.0.1:80"}})
    tailnet = serving(proxy)
    assert mended(tailnet).stands, "the gateway itself was: the owner has changed it since"
    assert unharmed(tailnet, proxy)


def test_a_renamed_node_is_not_published_under_a_second_name() -> None:
    tailnet = serving({}, OPERATORS._replace(host="box.new-name.ts.net"))
    outcome = mended(tailnet)
    assert outcome.phase is Phase.FAILED
    assert "box.new-name.ts.net" in outcome.stands[0]
    assert unharmed(tailnet, {})


def test_an_old_command_that_would_drop_fields_of_others_is_not_run() -> None:
    serve = both(STRANGER, {"Services": {"svc:db": {"TCP": {"5432": {"HTTPS": True}}}}})
    old = OPERATORS._replace(client="1.60.0")
    tailnet = serving(serve, old, socket=False)
    assert mended(tailnet).stands == ("Services",)
    assert unharmed(tailnet, serve)
    assert mended(serving(serve, old)).phase is Phase.DONE, "at the socket nothing is dropped"
    assert mended(serving(serve, socket=False)).phase is Phase.DONE, "one of today knows them"


@given(configs, entries)
def test_whatever_is_served_nothing_private_becomes_public(
    serve: dict[str, object], entry: Entry
) -> None:
    for rights, socket in ((OPERATORS, True), (OPERATORS, False), (MEMBER, True)):
        tailnet = serving(serve, rights, socket=socket, sudoers=(PUBLISH, RESET))
        before = public_places(serve)
        mended(tailnet, entry)
        for (host, port, path), answer in public_places(tailnet.there.serve or {}).items():
            mount = json.loads(answer)[0]
            ours = (host, port, mount) == (entry.host, entry.port, entry.mount)
            assert ours or before.get((host, port, path)) == answer


# --- refusals


@pytest.mark.parametrize(
    "sudoers", [(), (RESET,), ("funnel --bg 18792",), ("funnel --bg 18791 --yes",)]
)
def test_a_refusal_is_not_answered_by_a_harsher_command(sudoers: tuple[str, ...]) -> None:
    tailnet = serving(STRANGER, MEMBER, sudoers=sudoers)
    outcome = mended(tailnet)
    assert (outcome.phase, outcome.needs_owner) == (Phase.FAILED, Sight.NOT_ALLOWED)
    assert outcome.advice == "sudo tailscale funnel --bg 18791"
    assert tailnet.changes == ["post 403", PUBLISH]
    assert tailnet.there.serve == STRANGER


ROOTS = config({"/": {"Path": "/srv/files"}}, port=8443, public=False)


def test_a_path_entry_of_roots_locks_the_operator_out_and_that_is_named() -> None:
    tailnet = serving(ROOTS)
    outcome = mended(tailnet)
    assert (outcome.phase, outcome.needs_owner) == (Phase.FAILED, Sight.NOT_ALLOWED)
    assert "root serves a file" in outcome.detail
    assert tailnet.changes == ["post 401", PUBLISH]
    assert tailnet.there.serve == ROOTS


def test_root_may_also_beside_a_path_entry() -> None:
    tailnet = serving(ROOTS, sudoers=(PUBLISH,))
    assert mended(tailnet).phase is Phase.DONE
    assert tailnet.there.serve == both(ROOTS, config(OURS))


@pytest.mark.parametrize(
    ("node", "sight"),
    [
        (OPERATORS._replace(backend="NeedsLogin"), Sight.LOGGED_OUT),
        (OPERATORS._replace(expired=True), Sight.KEY_EXPIRED),
        (OPERATORS._replace(backend="NeedsMachineAuth"), Sight.NOT_APPROVED),
        (OPERATORS._replace(backend="Stopped"), Sight.TAILSCALE_STOPPED),
        (OPERATORS._replace(capable=False), Sight.NOT_ALLOWED),
        (OPERATORS._replace(daemon=False), Sight.TAILSCALED_DOWN),
        (OPERATORS._replace(backend="Starting"), None),
        (OPERATORS._replace(backend="NoState"), None),
    ],
)
def test_nothing_is_run_where_only_the_owner_or_time_can_help(
    node: Tailnet, sight: Sight | None
) -> None:
    tailnet = serving(config(OURS), node)
    outcome = mended(tailnet)
    assert (outcome.phase, outcome.needs_owner) == (Phase.FAILED, sight)
    assert outcome.detail
    assert unharmed(tailnet, config(OURS))


@pytest.mark.parametrize(
    ("publish", "words"), [("nothing", "done nothing"), ("block", "in time"), ("busy", "Another")]
)
def test_a_command_that_brings_nothing_about_is_not_followed_by_a_reset(
    publish: str, words: str
) -> None:
    tailnet = serving({}, OPERATORS._replace(publish=publish), socket=False)
    outcome = mended(tailnet)
    assert outcome.phase is Phase.FAILED
    assert words in outcome.detail
    assert tailnet.changes == [PUBLISH]


def test_shields_up_is_the_owners() -> None:
    outcome = mended(serving({}, OPERATORS._replace(shields_up=True)))
    assert (outcome.phase, outcome.needs_owner) == (Phase.FAILED, Sight.NOT_ALLOWED)


def test_the_address_to_log_in_at_stays_out_of_the_outcome() -> None:
    for publish in ("block", ""):
        tailnet = serving({}, socket=False)
        closed = tailnet.there._replace(capable=False, publish=publish)
        tailnet.meanwhile = partial(setattr, tailnet, "there", closed)
        outcome = mended(tailnet)
        assert outcome.needs_owner is Sight.NOT_ALLOWED
        assert outcome.detail
        assert "https" not in outcome.detail


# --- once more from nothing


def dead_until_reset(tailnet: InMemoryTailnet) -> Callable[[], Verdict]:
    """The configuration is right and the world gets through only after it was empty once."""

    def look() -> Verdict:
        undone = RESET in " ".join(tailnet.changes) or tailnet.changes.count("post 200") > 1
        return from_outside(tailnet)() if undone else Verdict.BAD

    return look


def test_a_funnel_that_only_looks_right_is_taken_off_and_put_on_where_it_is_alone() -> None:
    tailnet, log = serving(config(OURS)), FakeLog()
    outcome = mended(tailnet, reachable=dead_until_reset(tailnet), log=log)
    assert outcome.phase is Phase.DONE
    assert tailnet.changes == ["post 200", "post 200", "post 200"]
    assert tailnet.there.serve == config(OURS)
    assert log.lines == ["WARN funnel NG reset our entry is the only one"]


@pytest.mark.parametrize("sudoers", [(PUBLISH,), (PUBLISH, RESET)])
def test_by_sudo_only_where_both_steps_are_allowed(sudoers: tuple[str, ...]) -> None:
    tailnet = serving(config(OURS), MEMBER, sudoers=sudoers)
    outcome = mended(tailnet, reachable=dead_until_reset(tailnet))
    may = RESET in sudoers
    assert (outcome.phase is Phase.DONE) == may
    assert any(RESET in change for change in tailnet.changes) == may
    assert tailnet.there.serve == config(OURS)


@pytest.mark.parametrize(
    "others",
    [
        STRANGER,
        {"TCP": {"5432": {"TCPForward": "127.0.0.1:5432"}}},
        {"Foreground": {"0123": config({}, port=10000)}},
        {"Services": {"svc:db": {"TCP": {"5432": {"HTTPS": True}}}}},
        {"Future": {"x": 1}},
    ],
)
def test_where_anything_else_is_served_nothing_is_reset(others: dict[str, object]) -> None:
    serve = both(config(OURS), others)
    for socket in (True, False):
        tailnet = serving(serve, socket=socket, sudoers=(RESET,))
        outcome = mended(tailnet, reachable=says(Verdict.BAD))
        assert outcome.phase is Phase.FAILED
        assert tailnet.there.serve == serve
        assert len(tailnet.changes) == 1


def test_what_never_becomes_reachable_is_a_failure_with_the_entry_back() -> None:
    tailnet = serving(config(OURS))
    outcome = mended(tailnet, reachable=says(Verdict.BAD))
    assert outcome.phase is Phase.FAILED
    assert outcome.took == pytest.approx(15, abs=0.1)
    assert tailnet.there.serve == config(OURS)


def test_somebody_who_comes_in_before_the_reset_is_not_wiped_out() -> None:
    tailnet = serving(config(OURS))
    others: list[dict[str, object]] = []

    def look() -> Verdict:
        others[:] = [STRANGER]  # at the next change
        return Verdict.BAD

    def meanwhile() -> None:
        serve = both(tailnet.there.serve or {}, *others)
        tailnet.there = tailnet.there._replace(serve=serve)

    tailnet.meanwhile = meanwhile
    assert mended(tailnet, reachable=look).phase is Phase.FAILED
    assert tailnet.there.serve == both(config(OURS), STRANGER, config(OURS))
