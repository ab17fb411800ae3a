"""`picoclaw-watchdog ack`: the owner knows of an incident, and need not be reminded of it."""

import os
from collections.abc import Mapping
from typing import Any

from picoclaw_watchdog.cli import asking
from picoclaw_watchdog.cli.arguments import Known
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.core.reasons import Ill
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.wording import cause_words
from picoclaw_watchdog.engine.switches import acknowledge
from picoclaw_watchdog.engine.wiring import build
from picoclaw_watchdog.host.user import user_name
from picoclaw_watchdog.ports import World
from picoclaw_watchdog.store.files import reason
from picoclaw_watchdog.terminal.paint import tell

NOT_DONE = 1

KNOWN = Known(words=50)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog ack [INCIDENT...]",
        about="You know about it: no more messages about an open incident, or about all that are "
        "open. The all-clear still comes. The names are those of `picoclaw-watchdog incidents`.",
        statuses=(
            ("0", "noted"),
            ("1", "no such open incident, or it could not be written down"),
            ("2", "wrong usage or settings"),
        ),
        examples=("picoclaw-watchdog ack",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog ack [障害...]",
        about="承知済みにします。その障害（省略時は未解決のすべて）の通知を止め、復旧したときだけ"
        "知らせます。名前は `picoclaw-watchdog incidents` で見られます。",
        statuses=(
            ("0", "承知済みにした"),
            ("1", "未解決の障害にない、または書き込めなかった"),
            ("2", "使い方か設定の誤り"),
        ),
        examples=("picoclaw-watchdog ack",),
    ),
}

LABELS = {
    "en": {
        "noted": "{name}: noted ({cause}). No more messages about it; the all-clear still comes.",
        "again": "{name}: noted before ({cause}).",
        "nothing": "No incident is open.",
        "unknown": "{name}: no such open incident.",
        "open": "Open: {names}",
    },
    "ja": {
        "noted": "{name}: 確認済みにしました（{cause}）。以後の通知は止め、復旧時だけ知らせます。",
        "again": "{name}: 確認済みです（{cause}）。",
        "nothing": "未解決の障害はありません。",
        "unknown": "{name}: 未解決の障害にありません。",
        "open": "未解決: {names}",
    },
}


def main(arguments: list[str]) -> int:
    """Note which incidents the owner knows of."""
    asked = asking.asked("ack", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    settings, typed = asked
    return _ack(settings, build(settings, os.environ), typed.words)


def _ack(settings: Settings, world: World, names: tuple[str, ...]) -> int:
    say = LABELS[settings.language]
    incidents = _open(world)
    if not incidents and not names:
        tell(say["nothing"])
        return 0
    unknown = [name for name in names if name not in incidents]
    for name in unknown:
        asking.say(say["unknown"].format(name=name))
    if unknown:
        asking.say(say["open"].format(names=", ".join(incidents)) if incidents else say["nothing"])
        return NOT_DONE
    chosen = names or tuple(incidents)
    known = world.store.wishes(world.clock.now()).acked
    try:
        acknowledge(settings, chosen)
    except OSError as error:
        asking.say(f"{settings.state_dir}/acked: {reason(error)}")
        return NOT_DONE
    for name in chosen:
        cause = cause_words(Ill(incidents[name]["cause"]), settings.language)
        before = incidents[name]["acked"] or name in known
        tell(say["again" if before else "noted"].format(name=name, cause=cause))
        world.log.write("INFO", "watchdog", "OK", "ack", f"incident={name} {user_name()}")
    return 0


def _open(world: World) -> dict[str, Mapping[str, Any]]:
    """The open incidents as the last cycle left them, by name."""
    known = world.store.last_snapshot().get("incidents")
    return {each["id"]: each for each in known} if isinstance(known, list) else {}
