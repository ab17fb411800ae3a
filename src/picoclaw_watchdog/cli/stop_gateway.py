"""`picoclaw-watchdog stop-gateway` and `start-gateway`: stopped on purpose, and so left alone."""

import os

from picoclaw_watchdog.cli import asking
from picoclaw_watchdog.cli.arguments import Known, misused
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.core.commands import word
from picoclaw_watchdog.core.model import Stop, UnitFacts, seconds_between
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.act import is_healthy
from picoclaw_watchdog.engine.switches import switch_stop
from picoclaw_watchdog.engine.wiring import build, spare_dir
from picoclaw_watchdog.host.user import user_name
from picoclaw_watchdog.ports import Clock, Ran, World
from picoclaw_watchdog.store import lock
from picoclaw_watchdog.store.files import reason
from picoclaw_watchdog.terminal.paint import tell

NOT_DONE = 1

STOPS_WITHIN = 120.0  # seconds: systemd kills after 90 by default
STARTS_WITHIN = 60.0
ASK_EVERY = 0.2
# A cycle that has begun a restart before we said no needs this long at most to end.
WAIT_FOR_CYCLE = 90.0

HELP = {
    "stop-gateway": {
        "en": Help(
            usage="picoclaw-watchdog stop-gateway LENGTH [--reason TEXT]\n"
            "picoclaw-watchdog stop-gateway --until TIME [--reason TEXT]",
            about="Stops the gateway and leaves it alone: until then it is not started and no "
            "message is sent about it; Ollama and the Funnel are still watched. When the time is "
            "over, the next cycle starts it. Starting it by hand ends it too. You are reminded "
            "once a day of one without end (forever).",
            options=(
                ("LENGTH", "30m, 2h, 1h30m, 3d, or forever"),
                ("--until TIME", "18:00, or 2026-07-01 18:00"),
                ("--reason TEXT", "why, for `status` and the log"),
            ),
            statuses=(
                ("0", "stopped"),
                ("1", "it could not be stopped"),
                ("2", "wrong usage or settings"),
            ),
            examples=("picoclaw-watchdog stop-gateway 2h --reason upgrade",),
        ),
        "ja": Help(
            usage="picoclaw-watchdog stop-gateway 長さ [--reason 理由]\n"
            "picoclaw-watchdog stop-gateway --until 日時 [--reason 理由]",
            about="ゲートウェイを停止し、そのあいだ起動も通知もしません（Ollama と Funnel の"
            "見張りは続けます）。時間が来たら次の周期が起動します。手で起動しても終わります。期限なし"
            "（forever）なら 1 日に 1 回お知らせします。",
            options=(
                ("長さ", "30m、2h、1h30m、3d、または forever"),
                ("--until 日時", "18:00、または 2026-07-01 18:00"),
                ("--reason 理由", "status とログに残す理由"),
            ),
            statuses=(
                ("0", "停止した"),
                ("1", "停止できなかった"),
                ("2", "使い方か設定の誤り"),
            ),
            examples=("picoclaw-watchdog stop-gateway 2h --reason 更新作業",),
        ),
    },
    "start-gateway": {
        "en": Help(
            usage="picoclaw-watchdog start-gateway",
            about="Starts the gateway, waits until it is healthy, and watches it again.",
            statuses=(("0", "healthy"), ("1", "it is not"), ("2", "wrong usage or settings")),
            examples=("picoclaw-watchdog start-gateway",),
        ),
        "ja": Help(
            usage="picoclaw-watchdog start-gateway",
            about="ゲートウェイを起動し、正常になるのを待ち、見張りを再開します。",
            statuses=(
                ("0", "正常になった"),
                ("1", "正常にならない"),
                ("2", "使い方か設定の誤り"),
            ),
            examples=("picoclaw-watchdog start-gateway",),
        ),
    },
}

LABELS = {
    "en": {
        "until": "The gateway is stopped until {at}{why}; then the watchdog starts it.",
        "forever": "The gateway is stopped without end{why}; you will be reminded once a day.",
        "end": "To start it earlier: picoclaw-watchdog start-gateway",
        "busy": "A cycle is running; waiting for it to end ...",
        "not_stopped": "{unit} could not be stopped: {why}",
        "not_started": "{unit} could not be started: {why}",
        "slow": "it is still stopping",
        "healthy": "The gateway is healthy, {took:.1f} s after its start.",
        "ill": "The gateway runs, but is not healthy after {took:.0f} s;"
        " see: journalctl --user -u {unit} -n 50",
        "watched": "The watchdog watches it again.",
    },
    "ja": {
        "until": "ゲートウェイを {at} まで停止します{why}。その後は見張りが起動します。",
        "forever": "ゲートウェイを期限なしで停止します{why}。1 日に 1 回お知らせします。",
        "end": "早めに起動するには: picoclaw-watchdog start-gateway",
        "busy": "確認の周期が動いています。終わるのを待ちます…",
        "not_stopped": "{unit} を停止できませんでした: {why}",
        "not_started": "{unit} を起動できませんでした: {why}",
        "slow": "まだ停止処理中です",
        "healthy": "ゲートウェイは起動後 {took:.1f} 秒で正常になりました。",
        "ill": "ゲートウェイは動いていますが、{took:.0f} 秒たっても正常になりません。"
        "確認: journalctl --user -u {unit} -n 50",
        "watched": "見張りを再開します。",
    },
}


def main(arguments: list[str], clock: Clock | None = None) -> int:
    """Stop or start the gateway; the first argument is the command's name."""
    name, rest = arguments[0], arguments[1:]
    known = asking.WITH_END if name == "stop-gateway" else Known()
    asked = asking.asked(name, rest, known, HELP[name])
    if isinstance(asked, int):
        return asked
    settings, typed = asked
    world = build(settings, os.environ)
    if clock is not None:
        world = world._replace(clock=clock)
    if name == "start-gateway":
        return _start(settings, world)
    try:
        until = asking.end_of(typed, world.clock.now().wall)
    except asking.UnclearError as unclear:
        return misused(name, unclear.said(settings.language), HELP[name], settings.language)
    return _stop(settings, world, Stop(until, user_name(), typed.values.get("--reason", "")))


def _stop(settings: Settings, world: World, stop: Stop) -> int:
    """Say it first, then do it: from the first word on no cycle begins a restart."""
    say, unit = LABELS[settings.language], settings.gateway_service
    facts = world.services.show(unit, settings.local_timeout_sec)
    if not isinstance(facts, UnitFacts) or facts.load in ("not-found", "error"):
        why = facts.load if isinstance(facts, UnitFacts) else facts.detail
        asking.say(say["not_stopped"].format(unit=unit, why=why))
        return NOT_DONE
    stop = stop._replace(instance=facts.instance)
    try:
        switch_stop(settings, stop)
        with _no_cycle(settings, world):
            ran, stop = _stopped(settings, world, stop)
            if not ran.ok:
                switch_stop(settings, None)
    except OSError as error:
        asking.say(f"{settings.state_dir}/gateway_stopped: {reason(error)}")
        return NOT_DONE
    if not ran.ok:
        why = say["slow"] if ran.timed_out else ran.complaint
        asking.say(say["not_stopped"].format(unit=unit, why=why))
        return NOT_DONE
    until = "forever" if stop.until is None else f"{stop.until:.0f}"
    detail = f"until={until} who={stop.who} why={stop.why}"
    world.log.write("INFO", "gateway", "OK", "stop", detail)
    why = f": {stop.why}" if stop.why else ""
    at = asking.day_and_time(stop.until or 0, world.clock.now().wall)
    tell(say["until" if stop.until is not None else "forever"].format(at=at, why=why))
    tell(say["end"])
    return 0


def _stopped(settings: Settings, world: World, stop: Stop) -> tuple[Ran, Stop]:
    """Stop it, and remember what was stopped: a cycle may have restarted it a moment ago."""
    unit = settings.gateway_service
    facts = world.services.show(unit, settings.local_timeout_sec)
    if isinstance(facts, UnitFacts):
        stop = stop._replace(instance=facts.instance)
    switch_stop(settings, stop)
    return world.services.stop(unit, STOPS_WITHIN), stop


def _start(settings: Settings, world: World) -> int:
    say, unit = LABELS[settings.language], settings.gateway_service
    began = world.clock.now()
    try:
        with _no_cycle(settings, world):
            switch_stop(settings, None)
            ran = world.services.start(unit, STARTS_WITHIN)
    except OSError as error:
        asking.say(f"{settings.state_dir}/gateway_stopped: {reason(error)}")
        return NOT_DONE
    world.log.write("INFO", "gateway", "OK", "start", f"who={user_name()}")
    if not (ran.ok or ran.timed_out):
        asking.say(say["not_started"].format(unit=unit, why=ran.complaint))
        return NOT_DONE
    while not is_healthy(settings, world):
        took = seconds_between(began, world.clock.now())
        if took > settings.restart_verify_sec:
            asking.say(say["ill"].format(took=took, unit=word(unit)))
            return NOT_DONE
        world.clock.sleep(ASK_EVERY)
    tell(say["healthy"].format(took=seconds_between(began, world.clock.now())))
    tell(say["watched"])
    return 0


def _no_cycle(settings: Settings, world: World) -> lock.Lock:
    """Wait for the end of a cycle that is at work, and keep others out.

    One that does not end has begun no restart since we spoke, so it is not waited for for ever.
    """
    folder, spare = settings.state_dir, spare_dir(os.environ)
    held = lock.acquire(folder, spare, 0.5, world.clock.sleep)
    if held is None:
        tell(LABELS[settings.language]["busy"])
        held = lock.acquire(folder, spare, WAIT_FOR_CYCLE, world.clock.sleep)
    return held or lock.Lock(())
