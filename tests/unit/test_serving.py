"""What restoring one entry changes of others: nothing, whatever they have."""

import json
import shlex
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from picoclaw_watchdog.core.model import Entry
from picoclaw_watchdog.demo.tailscale_command import command
from picoclaw_watchdog.demo.tailscaled import Caller, Tailnet, handler_for
from picoclaw_watchdog.recoveries.serving import (
    Means,
    Obstacle,
    advice,
    arguments,
    effect,
    is_alone,
    restored,
    sharing,
    unknown_fields,
    withdrawn,
)
from tests.unit.tailnet import HOST, OURS, config

ENTRY = Entry(HOST, 443, "/", "http://127.0.0.1:18791")
HOSTS, PORTS = (HOST, "old.tail1234.ts.net"), (443, 8443)
MOUNTS = ("/", "/notes", "/notes/", "/webhook/line")
TARGETS = ("http://127.0.0.1:18791", "http://localhost:18791", "http://127.0.0.1:3000")

handlers = st.sampled_from(
    (
        *({"Proxy": target} for target in TARGETS),
        {"Path": "/srv/private"},
        {"Text": "hello"},
        {"Proxy": TARGETS[0], "AcceptAppCaps": ["example.com/cap"]},
        {"Proxy": "unix:/run/x.sock"},
        {},
    )
)
listeners = st.sampled_from(
    (
        *({"HTTPS": True}, {"HTTPS": True}, {"HTTP": True}, {"TCPForward": "127.0.0.1:22"}),
        {"HTTPS": True, "Future": {"x": 1}},
        {},
    )
)
places = st.sampled_from([f"{host}:{port}" for host in HOSTS for port in PORTS])
plain = st.fixed_dictionaries(
    {},
    optional={
        "TCP": st.dictionaries(st.sampled_from([str(port) for port in PORTS]), listeners),
        "Web": st.dictionaries(
            places,
            st.fixed_dictionaries(
                {"Handlers": st.dictionaries(st.sampled_from(MOUNTS), handlers)},
                optional={"Future": st.just([1])},
            ),
        ),
        "AllowFunnel": st.dictionaries(places, st.booleans()),
    },
)


def is_possible(serve: dict[str, object]) -> bool:
    """tailscaled refuses a session on a port that is served, and the other way round."""
    sessions = serve.get("Foreground", {})
    ports = [each.get("TCP", {}).keys() for each in (serve, *sessions.values())]  # type: ignore[attr-defined]
    return sum(map(len, ports)) == len(set().union(*ports))


configs = (
    st.tuples(
        plain,
        st.fixed_dictionaries(
            {},
            optional={
                "Foreground": st.dictionaries(st.just("session"), plain),
                "Services": st.dictionaries(st.just("svc:db"), plain),
                "Unknown": st.just({"deep": [1, {"x": None}]}),
            },
        ),
    )
    .map(lambda parts: {**parts[0], **parts[1]})
    .filter(is_possible)
)
entries = st.builds(
    Entry, st.just(HOST), st.sampled_from(PORTS), st.sampled_from(MOUNTS), st.just(TARGETS[0])
)


def leaves(value: object, way: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every value that is no object, and every empty object, with the way to it."""
    if isinstance(value, dict) and value:
        for key, each in value.items():
            yield from leaves(each, (*way, key))
    else:
        yield way, json.dumps(value)


def public_places(serve: Mapping[str, object]) -> dict[tuple[str, int, str], str]:
    """Who answers the internet at each place that there may be: asked of the pretended daemon."""
    node = Tailnet(serve=dict(serve))
    found = {}
    for host in HOSTS:
        for port in PORTS:
            for path in (*MOUNTS, "/notes/x", "/else"):
                answer = handler_for(node, host, port, path)
                if answer is not None and answer[1]:
                    found[host, port, path] = json.dumps(answer)
    return found


@given(configs, entries)
def test_where_nothing_stands_in_the_way_only_our_three_leaves_change(
    serve: dict[str, object], entry: Entry
) -> None:
    assume(not effect(serve, entry, name=HOST))
    place = f"{entry.host}:{entry.port}"
    ours = {
        ("TCP", str(entry.port), "HTTPS"),
        ("Web", place, "Handlers", entry.mount, "Proxy"),
        ("AllowFunnel", place),
    }
    after = dict(leaves(restored(serve, entry)))
    assert ours <= set(after)
    before = {way: value for way, value in leaves(serve) if value != "{}"}
    assert {way: value for way, value in before.items() if way not in ours} == {
        way: value for way, value in after.items() if way not in ours and value != "{}"
    }


@given(configs, entries)
def test_where_nothing_stands_in_the_way_nothing_private_becomes_public(
    serve: dict[str, object], entry: Entry
) -> None:
    assume(not effect(serve, entry, name=HOST))
    before, after = public_places(serve), public_places(restored(serve, entry))
    for (host, port, path), answer in after.items():
        mount, handler = json.loads(answer)
        ours = (host, port, mount) == (entry.host, entry.port, entry.mount)
        assert ours or before.get((host, port, path)) == answer, handler


@given(configs, entries)
def test_the_command_changes_no_more_than_was_computed(
    serve: dict[str, object], entry: Entry
) -> None:
    assume(not effect(serve, entry, name=HOST, means=Means.COMMAND))
    said = command(Tailnet(serve=serve), list(arguments(entry)), Caller(root=True))
    assert said.code == 0, said.err
    clean = {way: value for way, value in leaves(said.node.serve) if value != "{}"}
    wanted = {way: value for way, value in leaves(restored(serve, entry)) if value != "{}"}
    spelt = ("Web", f"{HOST}:{entry.port}", "Handlers", entry.mount, "Proxy")
    clean.pop(spelt)
    wanted.pop(spelt)
    assert clean == wanted


@given(configs, entries)
def test_restoring_twice_changes_nothing_more(serve: dict[str, object], entry: Entry) -> None:
    once = restored(serve, entry)
    assert restored(once, entry) == once


FIELD_01 = {
    "TCP": {"443": {"HTTPS": True}},
    "Web": {
        f"{HOST}:443": {
            "Handlers": {
                "/": {"Proxy": "http://127.0.0.1:8123"},
                "/bar": {"Path": "/srv/private/file.html"},
                "/notes": {"Proxy": "http://127.0.0.1:3000"},
            }
        }
    },
}


def test_private_mounts_on_our_port_and_a_strangers_handler_stand_in_the_way() -> None:
    found = effect(FIELD_01, ENTRY, name=HOST)
    assert {(each.obstacle, each.line) for each in found} == {
        (Obstacle.IS_REPLACED, f"https://{HOST}/ proxy http://127.0.0.1:8123 (tailnet only)"),
        (
            Obstacle.BECOMES_PUBLIC,
            f"https://{HOST}/bar path /srv/private/file.html (tailnet only)",
        ),
        (
            Obstacle.BECOMES_PUBLIC,
            f"https://{HOST}/notes proxy http://127.0.0.1:3000 (tailnet only)",
        ),
    }


def test_private_mounts_stand_in_the_way_of_a_mount_of_its_own_too() -> None:
    path = ENTRY._replace(mount="/webhook/line", target="http://127.0.0.1:18791/webhook/line")
    found = effect(FIELD_01, path, name=HOST)
    assert {each.obstacle for each in found} == {Obstacle.BECOMES_PUBLIC}
    assert len(found) == 3


def test_another_public_port_is_free() -> None:
    assert effect(FIELD_01, ENTRY._replace(port=8443), name=HOST) == ()


def test_mounts_that_are_public_already_are_nobodys_secret() -> None:
    both = config({"/blog": {"Proxy": "http://127.0.0.1:4000"}})
    assert effect(both, ENTRY, name=HOST) == ()


FORWARD = {"TCP": {"443": {"TCPForward": "127.0.0.1:22"}}}
SESSION = {"Foreground": {"0123": config({"/": {"Proxy": "http://127.0.0.1:9"}})}}


@pytest.mark.parametrize(
    ("serve", "obstacle"),
    [
        (FORWARD, Obstacle.OTHER_TYPE),
        ({"TCP": {"443": {"HTTP": True}}}, Obstacle.OTHER_TYPE),
        (
            {"TCP": {"443": {"TCPForward": "127.0.0.1:22", "TerminateTLS": HOST}}},
            Obstacle.OTHER_TYPE,
        ),
        ({"TCP": {"443": {"Future": 1}}}, Obstacle.OTHER_TYPE),
        (SESSION, Obstacle.FOREGROUND),
        ({"Foreground": {"0123": {"TCP": {"443": {"HTTPS": True}}}}}, Obstacle.FOREGROUND),
        (config({"/": {"Proxy": "http://127.0.0.1:3000"}}), Obstacle.IS_REPLACED),
        (config({"/": {"Path": "/srv"}}), Obstacle.IS_REPLACED),
        ({**config({"/a": {"Text": "x"}}), "TCP": {}}, Obstacle.BECOMES_PUBLIC),
        (
            {**config({"/a": {"Text": "x"}}, host="other.ts.net"), "TCP": {}},
            Obstacle.BECOMES_PUBLIC,
        ),
        (
            {**config({"/a": {"Text": "x"}}, host=HOSTS[1], public=False), "TCP": {}},
            Obstacle.COMES_ALIVE,
        ),
        ({"Web": []}, Obstacle.UNREADABLE),
        ({"TCP": {"443": True}}, Obstacle.UNREADABLE),
        ({"AllowFunnel": [f"{HOST}:443"]}, Obstacle.UNREADABLE),
    ],
)
def test_each_obstacle_is_named(serve: dict[str, object], obstacle: Obstacle) -> None:
    found = effect(serve, ENTRY, name=HOST)
    assert obstacle in {each.obstacle for each in found}
    assert all(each.line.isprintable() and each.line for each in found)


def test_a_name_that_the_node_no_longer_has_is_not_published_anew() -> None:
    (found,) = effect({}, ENTRY, name="box.new-name.ts.net")
    assert found.obstacle is Obstacle.OTHER_NAME
    assert "box.new-name.ts.net" in found.line


def test_one_mount_in_two_spellings_is_one_place() -> None:
    slashed = config({"/x/": {"Proxy": "http://127.0.0.1:3000"}})
    (found,) = effect(slashed, ENTRY._replace(mount="/x"), name=HOST)
    assert found.obstacle is Obstacle.IS_REPLACED


def test_our_own_target_in_another_spelling_is_ours_and_stays_as_it_is_written() -> None:
    spelt = config({"/": {"Proxy": "http://localhost:18791/"}}, public=False)
    assert effect(spelt, ENTRY, name=HOST) == ()
    assert restored(spelt, ENTRY) == config({"/": {"Proxy": "http://localhost:18791/"}})


def test_what_the_command_would_lose_of_our_own_handler_stands_in_its_way_only() -> None:
    capable = {"/": {"Proxy": "http://127.0.0.1:18791", "AcceptAppCaps": "x"}}
    served = config(capable, public=False)
    assert effect(served, ENTRY, name=HOST) == ()
    (found,) = effect(served, ENTRY, name=HOST, means=Means.COMMAND)
    assert found.obstacle is Obstacle.LOSES_FIELDS


def test_what_an_old_command_would_drop_of_others_stands_in_its_way() -> None:
    served = {**config({"/": {"Proxy": "x:1", "New": "1"}}, port=8443), "Services": {"svc:a": {}}}
    assert unknown_fields(served) == ("Services", f"{HOST}:8443/: New")
    found = effect(served, ENTRY, name=HOST, means=Means.OLD_COMMAND)
    assert {each.obstacle for each in found} == {Obstacle.LOSES_FIELDS}
    old = Tailnet(serve=json.loads(json.dumps(served)), client="1.60.0")
    said = command(old, list(arguments(ENTRY)), Caller(root=True))
    assert unknown_fields(said.node.serve or {}) == ()


@pytest.mark.parametrize(
    ("entry", "typed"),
    [
        (ENTRY, "sudo tailscale funnel --bg 18791"),
        (ENTRY._replace(port=8443), "sudo tailscale funnel --bg --https=8443 18791"),
        (
            ENTRY._replace(mount="/webhook/line", target="http://127.0.0.1:18791/webhook/line"),
            f"sudo tailscale funnel --bg --set-path=/webhook/line {TARGETS[0]}/webhook/line",
        ),
        (ENTRY._replace(target="http://nas:80"), "sudo tailscale funnel --bg http://nas:80"),
        (
            ENTRY._replace(mount="/a b;c"),
            "sudo tailscale funnel --bg '--set-path=/a b;c' 18791",
        ),
    ],
)
def test_the_advice_can_be_pasted(entry: Entry, typed: str) -> None:
    assert advice(entry) == typed
    assert shlex.split(typed)[2:] == list(arguments(entry))


def test_alone_is_only_what_can_be_restored_from_the_entry_itself() -> None:
    assert is_alone(config(OURS), ENTRY)
    assert is_alone({**config(OURS), "Services": {}}, ENTRY)
    assert not is_alone({**config(OURS), "Services": {"svc:a": {}}}, ENTRY)
    assert not is_alone({**config(OURS), **SESSION}, ENTRY)
    assert not is_alone(config({**OURS, "/a": {"Text": "x"}}), ENTRY)
    assert not is_alone(config({"/": {**OURS["/"], "AcceptAppCaps": "x"}}), ENTRY)


def test_an_entry_that_is_alone_on_its_port_can_be_taken_off_and_put_back() -> None:
    both = config(OURS)
    other = config({"/": {"Proxy": "http://127.0.0.1:3000"}}, port=8443)
    for part, value in other.items():
        assert isinstance(value, dict)
        both[part] = {**value, **both[part]}  # type: ignore[dict-item]
    assert sharing(both, ENTRY) == ()
    assert withdrawn(both, ENTRY) == other
    assert restored(withdrawn(both, ENTRY), ENTRY) == both
    assert sharing(config({**OURS, "/a": {"Text": "x"}}), ENTRY) == (
        f"https://{HOST}/a text x (Funnel on)",
    )
