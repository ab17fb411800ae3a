"""What can happen to a host: each deed of a story is a line of the table at the end.

A deed changes the truth; whoever looks finds out. Where it has an end (`for` in a story), the
function that does it answers the function that ends it.
"""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from picoclaw_watchdog.core.reasons import Topic
from picoclaw_watchdog.engine.report import News
from picoclaw_watchdog.kick.inbox import add
from picoclaw_watchdog.kick.requests import plain, sign
from picoclaw_watchdog.sim.gateway import ILLS
from picoclaw_watchdog.sim.host import Kill
from picoclaw_watchdog.sim.life import KICK_TOKEN, Life
from picoclaw_watchdog.sim.records import Asked
from picoclaw_watchdog.store.founding import STOPPED, TIMES

Value = str | int | float | bool
Arguments = Mapping[str, Value]
End = Callable[[], None]
Do = Callable[[Life, Arguments], End | None]


class Deed(NamedTuple):
    """One kind of thing that happens."""

    do: Do
    takes: Mapping[str, type]  # the arguments it may have
    who: str = "fault"  # fault, owner, host


# The gateway


def _crashes(life: Life, _: Arguments) -> None:
    life.host.gateway.exits("signal")


def _stops(life: Life, _: Arguments) -> None:
    life.host.gateway.exits("success")


def _ill(name: str) -> Do:
    """The running process falls ill; a restart mends it, unless `stays`."""

    def do(life: Life, arguments: Arguments) -> End:
        gateway = life.host.gateway
        gateway.ills.add(name)
        if arguments.get("stays", False):
            gateway.comes_back.add(name)

        def end() -> None:
            gateway.comes_back.discard(name)
            gateway.ills.discard(name)

        return end

    return do


def _dies_at_start(life: Life, arguments: Arguments) -> End:
    """Every process that is started dies after some seconds, and the present one now."""
    gateway = life.host.gateway
    gateway.dies_after = float(arguments.get("after", 0.5))
    gateway.exits("exit-code")

    def end() -> None:
        gateway.dies_after = None

    return end


def _set(part: str, name: str, bad: object, argument: str = "") -> Do:
    """Set an attribute of a part of the host, and set it back in the end."""

    def do(life: Life, arguments: Arguments) -> End:
        thing = getattr(life.host, part) if part else life.host
        # What was there before the first such fault: one that ends inside another mends both.
        before = life.healthy.setdefault((part, name), getattr(thing, name))
        setattr(thing, name, arguments.get(argument, bad) if argument else bad)

        def end() -> None:
            setattr(thing, name, before)

        return end

    return do


def _courier(life: Life, arguments: Arguments) -> End:
    """The service behind a courier is away, refuses, is busy, hangs, or accepts and drops."""
    name = str(arguments.get("name", "json"))
    life.host.couriers[name] = str(arguments["is"])

    def end() -> None:
        life.host.couriers.pop(name, None)

    return end


def _load(state: str) -> Do:
    """The unit is masked or its file is gone, and the gateway has stopped."""

    def do(life: Life, _: Arguments) -> End:
        gateway = life.host.gateway
        gateway.stop()
        gateway.load = state

        def end() -> None:
            gateway.load = "loaded"

        return end

    return do


def _stale_pid(life: Life, _: Arguments) -> None:
    gateway = life.host.gateway
    gateway.foreign_pid = True
    gateway.exits("exit-code")


def _own_restart(life: Life, arguments: Arguments) -> None:
    life.host.gateway.restart_sec = float(arguments.get("after", 1.0))


def _notify(life: Life, _: Arguments) -> None:
    life.host.gateway.notify = True


def _version(life: Life, arguments: Arguments) -> None:
    life.host.gateway.version = str(arguments["is"])


# The owner


def _by_hand(life: Life, _: Arguments) -> End:
    """He stops the unit and runs the gateway in a terminal."""
    gateway = life.host.gateway
    gateway.stop()
    gateway.by_hand = True

    def end() -> None:
        gateway.by_hand = False
        gateway.start()

    return end


def _starts(life: Life, _: Arguments) -> None:
    gateway = life.host.gateway
    if gateway.active in ("inactive", "failed") and gateway.load == "loaded":
        gateway.start()


def _owner_restarts(life: Life, _: Arguments) -> None:
    gateway = life.host.gateway
    if gateway.active == "active":
        gateway.stop()
        gateway.start()


def _pauses(life: Life, arguments: Arguments) -> End:
    """Without an end he forgets to say one: the file lies there until he removes it."""
    path = Path(life.host.disk.state, "paused")
    lasts = float(arguments.get("lasts", 0))
    until = f"{life.host.moment().wall + lasts}" if lasts else ""
    with life.host.disk.unwatched():
        path.write_text(f"{until}\nowner\nworks on it\n")

    def end() -> None:
        path.unlink(missing_ok=True)

    return end


def _stops_for(life: Life, arguments: Arguments) -> None:
    """`stop-gateway`: what has been said first, then the stop."""
    host, lasts = life.host, float(arguments.get("lasts", 0))
    until = f"{host.moment().wall + lasts}" if lasts else "forever"
    with host.disk.unwatched():
        said = f"{until}\nowner\nupgrade\ni-{host.gateway.instance}\n"
        Path(host.disk.state, STOPPED).write_text(said)
    host.gateway.stop()


def _resumes(life: Life, _: Arguments) -> None:
    Path(life.host.disk.state, "paused").unlink(missing_ok=True)


def _edits(life: Life, arguments: Arguments) -> None:
    """He writes a file of the state folder, or removes it where no text is given."""
    name = str(arguments["file"])
    path = Path(life.host.disk.state, name)
    if "text" in arguments:
        path.write_text(str(arguments["text"]))
    else:
        path.unlink(missing_ok=True)
    life.records.written_by_owner.add(name)
    if name == TIMES or name.startswith("alert_"):
        life.records.wipe()


def _removes_state(life: Life, _: Arguments) -> None:
    shutil.rmtree(life.host.disk.state, ignore_errors=True)
    life.records.audit_wiped_at = life.host.seconds


def _kicks(life: Life, arguments: Arguments) -> None:
    """A request, signed unless `form` says: plain, wrong (token), old, or again (the last one)."""
    host = life.host
    if not host.is_on or host.disk.mode != "ok":
        return  # the command says no, and the owner knows it
    verb, form = str(arguments.get("verb", "restart_gateway")), str(arguments.get("form", "signed"))
    source = f"line:U{len(life.records.asked) + 1}"
    wall = host.moment().wall - (3600 if form == "old" else 0)
    if form == "again" and life.last_request:
        line, source = life.last_request, ""
    elif form in ("plain", "wrong"):
        line = plain(verb, KICK_TOKEN if form == "plain" else "wrong-token", source, wall)
    else:
        line = sign(verb, KICK_TOKEN, source, wall, f"{host.dice.getrandbits(128):032x}")
    with host.disk.installed(), host.disk.unwatched():
        add(life.settings.kick_file, line, sleep=lambda _: None)
    life.last_request = line
    if source:
        valid = form in ("signed", "plain")
        life.records.asked.append(Asked(host.seconds, source, verb, valid))
    host.wakes.append("kick")


# The host


def _other_entries(life: Life, arguments: Arguments) -> None:
    """The node publishes more than the webhook; `ssh`: a TCP forward as well."""
    life.host.tailnet.serve_others(ssh=bool(arguments.get("ssh", False)))


def _goes_down(*, power_cut: bool) -> Do:
    def do(life: Life, arguments: Arguments) -> None:
        life.host.shut_down(float(arguments.get("off", 30)), power_cut=power_cut)

    return do


def _sleeps(life: Life, arguments: Arguments) -> None:
    seconds = float(arguments["lasts"])
    life.host.suspend(seconds)
    life.next_timer += seconds  # a monotonic timer sleeps, too


def _clock_set(life: Life, arguments: Arguments) -> None:
    life.host.wall_ahead += float(arguments["by"])


def _watchdog_killed(life: Life, arguments: Arguments) -> None:
    """At once if it runs; with `at`, at a write or an effect to come: `after effect 1`."""
    if "at" not in arguments:
        life.host.die("by somebody")
        return
    when, kind, number = str(arguments["at"]).split()
    life.host.kill = Kill(kind, life.host.counts[kind] + int(number), when == "after")


def _disk_fails(life: Life, arguments: Arguments) -> None:
    life.host.disk.fails_at = int(arguments.get("write", 1))


def _settings_broken(life: Life, _: Arguments) -> End:
    facts = (("error", ".env line 3: INTERVAL_SEC: 6o is no number"), ("attempts", "1"))
    life.news = (News("settings", Topic.SETTINGS_BROKEN, facts),)

    def end() -> None:
        life.news = ()

    return end


_STAYS: Mapping[str, type] = {"stays": bool}
_NOTHING: Mapping[str, type] = {}
_LASTS: Mapping[str, type] = {"lasts": float}

DEEDS: Mapping[str, Deed] = {
    "gateway_crashes": Deed(_crashes, _NOTHING),
    "gateway_ends": Deed(_stops, _NOTHING),
    **{f"gateway_{name}": Deed(_ill(name), _STAYS) for name in ILLS},
    "gateway_dies_at_start": Deed(_dies_at_start, {"after": float}),
    "gateway_slow_to_start": Deed(_set("gateway", "startup", 240.0, "takes"), {"takes": float}),
    "gateway_slow_to_stop": Deed(_set("gateway", "stop_takes", 90.0, "takes"), {"takes": float}),
    "gateway_slow": Deed(_set("gateway", "slow", 10.0, "by"), {"by": float}),
    "gateway_restarts_itself": Deed(_own_restart, {"after": float}, "host"),
    "gateway_notifies": Deed(_notify, _NOTHING, "host"),
    "gateway_version": Deed(_version, {"is": str}, "host"),
    "unit_masked": Deed(_load("masked"), _NOTHING, "owner"),
    "unit_removed": Deed(_load("not-found"), _NOTHING, "owner"),
    "stale_pid": Deed(_stale_pid, _NOTHING),
    "bus_silent": Deed(_set("gateway", "bus_silent", bad=True), _NOTHING),
    "peer_down": Deed(_set("ollama", "state", "refused"), _NOTHING),
    "ollama_hung": Deed(_set("ollama", "state", "hung"), _NOTHING),
    "ollama_error": Deed(_set("ollama", "state", "error"), _NOTHING),
    "ollama_slow": Deed(_set("ollama", "slow", 10.0, "by"), {"by": float}),
    "ollama_models_gone": Deed(_set("ollama", "models", ()), _NOTHING),
    "ollama_models_unloaded": Deed(_set("ollama", "loaded", bad=False), _NOTHING),
    "peer_stuck": Deed(_set("ollama", "generates", bad=False), _NOTHING),
    "funnel_off": Deed(_set("tailnet", "published", bad=False), _NOTHING),
    "funnel_unreachable": Deed(_set("tailnet", "ingress", bad=False), _NOTHING),
    "funnel_dead_outside": Deed(_set("tailnet", "dead_outside", bad=True), _NOTHING),
    "funnel_others": Deed(_other_entries, {"ssh": bool}, "host"),
    "funnel_command": Deed(_set("tailnet", "publishing", "nothing", "is"), {"is": str}),
    "tailscale_logged_out": Deed(_set("tailnet", "state", "NeedsLogin"), _NOTHING),
    "tailscale_stopped": Deed(_set("tailnet", "state", "Stopped"), _NOTHING),
    "tailscale_not_approved": Deed(_set("tailnet", "state", "NeedsMachineAuth"), _NOTHING),
    "tailscale_key_expired": Deed(_set("tailnet", "expired", bad=True), _NOTHING),
    "tailscale_not_allowed": Deed(_set("tailnet", "may_funnel", bad=False), _NOTHING),
    "tailscale_hangs": Deed(_set("tailnet", "hangs", bad=True), _NOTHING),
    "tailscaled_down": Deed(_set("tailnet", "daemon", bad=False), _NOTHING),
    "network_down": Deed(_set("", "route", bad=False), _NOTHING),
    "names_unknown": Deed(_set("", "names_resolve", bad=False), _NOTHING),
    "line": Deed(_set("line", "mode", "silent", "is"), {"is": str}),
    "line_token_revoked": Deed(_set("line", "token_good", bad=False), _NOTHING),
    "line_limit": Deed(_set("line", "limit", 0, "messages"), {"messages": int}),
    "courier": Deed(_courier, {"is": str, "name": str}),
    "disk": Deed(_set("disk", "mode", "full", "is"), {"is": str}),
    "disk_fails": Deed(_disk_fails, {"write": int}),
    "reboot": Deed(_goes_down(power_cut=False), {"off": float}, "host"),
    "power_cut": Deed(_goes_down(power_cut=True), {"off": float}, "host"),
    "suspend": Deed(_sleeps, _LASTS, "host"),
    "clock_set": Deed(_clock_set, {"by": float}, "host"),
    "watchdog_killed": Deed(_watchdog_killed, {"at": str}),
    "settings_broken": Deed(_settings_broken, _NOTHING, "owner"),
    "owner_stops_gateway": Deed(_stops, _NOTHING, "owner"),
    "owner_stops_for": Deed(_stops_for, _LASTS, "owner"),
    "owner_starts_gateway": Deed(_starts, _NOTHING, "owner"),
    "owner_restarts_gateway": Deed(_owner_restarts, _NOTHING, "owner"),
    "owner_runs_it_by_hand": Deed(_by_hand, _NOTHING, "owner"),
    "owner_pauses": Deed(_pauses, _LASTS, "owner"),
    "owner_resumes": Deed(_resumes, _NOTHING, "owner"),
    "owner_edits": Deed(_edits, {"file": str, "text": str}, "owner"),
    "owner_removes_state": Deed(_removes_state, _NOTHING, "owner"),
    "kick": Deed(_kicks, {"verb": str, "form": str}, "owner"),
}


def do(life: Life, name: str, arguments: Arguments, lasts: float | None = None) -> None:
    """Let a deed happen now; where it can end, it ends after `lasts` seconds, or with the life.

    Raises:
        KeyError: there is no such deed.
    """
    deed, host = DEEDS[name], life.host
    said = " ".join(f"{key}={value}" for key, value in arguments.items())
    host.note(deed.who, " ".join(filter(None, (name, said))))
    life.records.faults[name] = life.records.faults.get(name, 0) + 1
    number = f"{name}-{life.records.faults[name]}"
    end = deed.do(life, arguments)
    life.watch_ollama()
    if end is None:
        return

    def ends() -> None:
        if life.standing.pop(number, None) is not None:
            host.note(deed.who, f"over {name}")
            end()
            life.watch_ollama()

    life.standing[number] = ends
    if lasts is not None:
        host.later(lasts, ends)
