"""`picoclaw-watchdog pause` and `resume`: the owner's switch."""

import os

from picoclaw_watchdog.cli import asking
from picoclaw_watchdog.cli.arguments import Known, misused
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.core.model import Pause
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.switches import switch_pause, window_at, wishes_now
from picoclaw_watchdog.engine.wiring import build
from picoclaw_watchdog.host.user import user_name
from picoclaw_watchdog.ports import Clock, World
from picoclaw_watchdog.store.files import reason
from picoclaw_watchdog.terminal.paint import tell

CANNOT_WRITE = 1

_OPTIONS_EN = (
    ("LENGTH", "90s, 30m, 2h, 1h30m, 3d, or forever"),
    ("--until TIME", "18:00, or 2026-07-01 18:00"),
    ("--reason TEXT", "why, for `status` and the log"),
)
_OPTIONS_JA = (
    ("長さ", "90s、30m、2h、1h30m、3d、または forever"),
    ("--until 日時", "18:00、または 2026-07-01 18:00"),
    ("--reason 理由", "status とログに残す理由"),
)
HELP = {
    "pause": {
        "en": Help(
            usage="picoclaw-watchdog pause LENGTH [--reason TEXT]\n"
            "picoclaw-watchdog pause --until TIME [--reason TEXT]",
            about="Until then nothing is recovered and no message is sent; checks and history go "
            "on. It ends by itself, or with `picoclaw-watchdog resume`. You are reminded once a "
            "day of one without end (forever). Put weekly windows into PAUSE_WINDOWS.",
            options=_OPTIONS_EN,
            statuses=(
                ("0", "paused"),
                ("1", "it could not be written down"),
                ("2", "wrong usage or settings"),
            ),
            examples=('picoclaw-watchdog pause 30m --reason "new disk"',),
        ),
        "ja": Help(
            usage="picoclaw-watchdog pause 長さ [--reason 理由]\n"
            "picoclaw-watchdog pause --until 日時 [--reason 理由]",
            about="そのあいだ復旧も通知も行いません（確認と履歴は続けます）。時間が来るか "
            "`picoclaw-watchdog resume` で終わります。期限なし（forever）なら 1 日に 1 回"
            "お知らせします。毎週のような予定は PAUSE_WINDOWS に書いてください。",
            options=_OPTIONS_JA,
            statuses=(
                ("0", "一時停止した"),
                ("1", "書き込めなかった"),
                ("2", "使い方か設定の誤り"),
            ),
            examples=("picoclaw-watchdog pause 30m --reason ディスク交換",),
        ),
    },
    "resume": {
        "en": Help(
            usage="picoclaw-watchdog resume",
            about="Ends a pause: from the next cycle on, faults are recovered and told again.",
            statuses=(
                ("0", "no longer paused"),
                ("1", "it could not be written down"),
                ("2", "wrong usage or settings"),
            ),
            examples=("picoclaw-watchdog resume",),
        ),
        "ja": Help(
            usage="picoclaw-watchdog resume",
            about="一時停止を終えます。次の周期から復旧と通知を行います。",
            statuses=(
                ("0", "再開した"),
                ("1", "書き込めなかった"),
                ("2", "使い方か設定の誤り"),
            ),
            examples=("picoclaw-watchdog resume",),
        ),
    },
}

LABELS = {
    "en": {
        "until": "Paused until {at}{why}.",
        "forever": "Paused without end{why}.",
        "before": "(Before: until {at}, by {who}.)",
        "before_forever": "(Before: without end, by {who}.)",
        "reminded": "You will be reminded once a day.",
        "end": "To end it: picoclaw-watchdog resume",
        "resumed": "No longer paused; the next cycle recovers what is wrong.",
        "was_not": "It was not paused.",
        "window": "But a planned window ({why}) pauses it until {at}: PAUSE_WINDOWS in .env.",
    },
    "ja": {
        "until": "{at} まで一時停止します{why}。",
        "forever": "期限なしで一時停止します{why}。",
        "before": "（これまで: {at} まで、{who}）",
        "before_forever": "（これまで: 期限なし、{who}）",
        "reminded": "1 日に 1 回お知らせします。",
        "end": "再開するには: picoclaw-watchdog resume",
        "resumed": "再開しました。次の周期から復旧と通知を行います。",
        "was_not": "一時停止していませんでした。",
        "window": "ただし予定の時間帯（{why}）のため {at} まで停止します: .env の PAUSE_WINDOWS",
    },
}


def main(arguments: list[str], clock: Clock | None = None) -> int:
    """Pause or resume; the first argument is the command's name."""
    name, rest = arguments[0], arguments[1:]
    known = asking.WITH_END if name == "pause" else Known()
    asked = asking.asked(name, rest, known, HELP[name])
    if isinstance(asked, int):
        return asked
    settings, typed = asked
    world = build(settings, os.environ)
    if clock is not None:
        world = world._replace(clock=clock)
    if name == "resume":
        return _resume(settings, world)
    try:
        until = asking.end_of(typed, world.clock.now().wall)
    except asking.UnclearError as unclear:
        return misused(name, unclear.said(settings.language), HELP[name], settings.language)
    reason_given = typed.values.get("--reason", "")
    return _pause(settings, world, Pause(until, user_name(), reason_given))


def _pause(settings: Settings, world: World, pause: Pause) -> int:
    say, now = LABELS[settings.language], world.clock.now()
    before = world.store.wishes(now).paused
    try:
        switch_pause(settings, pause)
    except OSError as error:
        return _not_written(settings, error)
    until = "forever" if pause.until is None else f"{pause.until:.0f}"
    detail = f"until={until} who={pause.who} why={pause.why}"
    world.log.write("INFO", "watchdog", "OK", "pause", detail)
    why = f": {pause.why}" if pause.why else ""
    if pause.until is None:
        tell(f"{say['forever'].format(why=why)} {say['reminded']}")
    else:
        tell(say["until"].format(at=asking.day_and_time(pause.until, now.wall), why=why))
    if before is not None:
        end = "before" if before.until is not None else "before_forever"
        at = asking.day_and_time(before.until or 0, now.wall)
        tell(say[end].format(at=at, who=before.who or "?"))
    tell(say["end"])
    return 0


def _resume(settings: Settings, world: World) -> int:
    say, now = LABELS[settings.language], world.clock.now()
    was = world.store.wishes(now).paused
    try:
        switch_pause(settings, None)  # also one that has ended, and lies there still
    except OSError as error:
        return _not_written(settings, error)
    if was is not None:
        world.log.write("INFO", "watchdog", "OK", "resume", f"who={user_name()}")
    tell(say["resumed" if was is not None else "was_not"])
    window = window_at(settings, now)
    if window is not None and wishes_now(settings, world.store, now).paused is not None:
        at = asking.day_and_time(window.until or 0, now.wall)
        tell(say["window"].format(at=at, why=window.why))
    return 0


def _not_written(settings: Settings, error: OSError) -> int:
    asking.say(f"{settings.state_dir}/paused: {reason(error)}")
    return CANNOT_WRITE
