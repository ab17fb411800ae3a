"""The pretended tailscaled and its command keep Tailscale's own traps."""

import json

import pytest

from picoclaw_watchdog.demo.tailscale_command import Said, command
from picoclaw_watchdog.demo.tailscaled import Caller, Tailnet, etag_of, handler_for, post
from tests.unit.tailnet import HOST, OPERATORS, OURS, config

ROOT, USER = Caller(root=True), Caller()
NOTES = {"Proxy": "http://127.0.0.1:3000"}


def run(serve: object, typed: str, node: Tailnet = OPERATORS, caller: Caller = USER) -> Said:
    there = node._replace(serve=json.loads(json.dumps(serve)))
    return command(there, typed.split(), caller)


def test_publishing_makes_every_mount_of_the_port_public() -> None:
    said = run(config({"/notes": NOTES}, public=False), "funnel --bg 18791")
    assert said.code == 0
    assert handler_for(said.node, HOST, 443, "/notes") == ("/notes", NOTES)
    assert f"https://{HOST}/notes" in said.out


def test_a_handler_is_replaced_without_a_question() -> None:
    said = run(config({"/": NOTES}), "funnel --bg 18791")
    assert (said.code, said.node.serve) == (0, config(OURS))


def test_serving_takes_the_whole_port_off_the_internet() -> None:
    said = run(config(OURS), "serve --bg --set-path=/notes 3000")
    assert (said.code, said.err) == (0, f"Removing Funnel for {HOST}:{HOST}:443\n")
    assert said.node.serve == config({**OURS, "/notes": NOTES}, public=False)


def test_two_spellings_of_a_mount_push_each_other_out() -> None:
    said = run(config({"/b": NOTES}), "funnel --bg --set-path=/b/ 18791")
    assert said.node.serve == config({"/b/": OURS["/"]})


@pytest.mark.parametrize(
    ("serve", "typed", "words"),
    [
        ({"TCP": {"443": {"TCPForward": "x:1"}}}, "funnel --bg 1", "already serving TCP"),
        (config(OURS), "serve --bg --tcp=443 22", "already serving web on 443"),
        (config(OURS), "serve --bg --http=443 1", 'already serving "https"'),
        (config(OURS), "funnel 1", "listener already exists for port 443"),
        ({"Foreground": {"1": config(OURS)}}, "funnel --bg 1", "foreground listener already"),
        ({}, "funnel --https=443 off", "handler does not exist"),
    ],
)
def test_clashes_are_refused_with_status_1(
    serve: dict[str, object], typed: str, words: str
) -> None:
    said = run(serve, typed)
    assert said.code == 1
    assert words in said.err
    assert said.node.serve == serve


def test_an_older_daemon_lets_a_raw_post_overwrite_a_type() -> None:
    tcp: dict[str, object] = {"TCP": {"443": {"TCPForward": "x:1"}}}
    for version, status in (("1.80.0", 200), ("1.92.0", 500)):
        node = OPERATORS._replace(serve=tcp, version=version)
        assert post(node, json.dumps(config(OURS)), etag_of(node), USER).status == status


@pytest.mark.parametrize(("client", "left"), [("1.80.0", True), ("1.90.0", False)])
def test_off_takes_every_mount_of_the_port_by_version(client: str, *, left: bool) -> None:
    node = OPERATORS._replace(client=client)
    said = run(config({**OURS, "/notes": NOTES}), "funnel --https=443 off", node)
    assert said.code == 0
    assert bool(said.node.serve) == left


def test_tcp_off_leaves_the_permission_behind() -> None:
    serve = {"TCP": {"443": {"TCPForward": "x:1"}}, "AllowFunnel": {f"{HOST}:443": True}}
    said = run(serve, "funnel --tcp=443 off")
    assert said.node.serve == {"AllowFunnel": {f"{HOST}:443": True}}


def test_a_stale_host_name_cannot_be_switched_off() -> None:
    old = config(OURS, host="old.ts.net")
    said = run(old, "funnel --https=443 off")
    assert (said.code, said.node.serve) == (1, old)


def test_a_reset_asks_nobody_and_takes_all() -> None:
    serve = {**config(OURS), "Foreground": {"1": config({}, port=8443)}, "Services": {"svc:a": {}}}
    for backend in ("Running", "Stopped"):
        said = run(serve, "funnel reset", OPERATORS._replace(backend=backend))
        assert (said.code, said.out, said.node.serve) == (0, "", {})


def test_a_path_of_roots_locks_the_operator_out_and_a_reset_goes_through() -> None:
    path = config({"/": {"Path": "/srv"}}, port=8443)
    said = run(path, "funnel --bg 18791")
    assert (said.code, said.node.serve) == (1, path)
    assert "401 Unauthorized: must be root" in said.err
    assert run(path, "funnel --bg 18791", caller=ROOT).code == 0
    assert run(path, "funnel reset").node.serve == {}


def test_the_order_of_refusals_is_tailscaleds() -> None:
    path = json.dumps(config({"/": {"Path": "/srv"}}))
    closed = Tailnet(backend="Starting")
    assert post(closed, "{", "x", USER).status == 403
    assert post(closed._replace(operator=True), "{", "x", USER).status == 500
    assert post(closed._replace(operator=True), path, "x", USER).status == 401
    assert post(closed._replace(operator=True), "{}", "x", USER).status == 500
    assert post(OPERATORS, "{}", "x", USER).status == 412
    assert post(OPERATORS, "{}", "", USER).status == 200


def test_the_etag_moves_with_a_session() -> None:
    node = OPERATORS._replace(serve=config(OURS))
    session = {**config(OURS), "Foreground": {"1": config({}, port=8443)}}
    assert etag_of(node) != etag_of(node._replace(serve=session))


def test_wrong_usage_ends_as_tailscale_ends_it() -> None:
    assert run({}, "funnel").code == 0
    assert run({}, "funnel --bg --http=80 1").code == 2
    assert run({}, "funnel --bg --bg 1").code == 2
