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

UNDO = "--undo"
KNOWN = Known(frozenset((UNDO,)), words=50)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog ack [--undo] [INCIDENT...]",
        about="You know about it: no more messages about an open incident, or about all that are "
        "open. The all-clear still comes. The names are those of `picoclaw-watchdog incidents`.",
        options=((UNDO, "take it back, also what a request has acknowledged: told again"),),
        statuses=(
            ("0", "noted"),
            ("1", "no such open incident, or it could not be written down"),
            ("2", "wrong usage or settings"),
        ),
        examples=("picoclaw-watchdog ack",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog ack [--undo] [障害...]",
        about="承知済みにします。その障害（省略時は未解決のすべて）の通知を止め、復旧したときだけ"
        "知らせます。名前は `picoclaw-watchdog incidents` で見られます。",
        options=((UNDO, "取り消して再び通知する（依頼による確認済みも取り消せる）"),),
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
        "undone": "{name}: reminders are on again ({cause}).",
        "nothing": "No incident is open.",
        "unknown": "{name}: no such open incident.",
        "open": "Open: {names}",
    },
    "ja": {
        "noted": "{name}: 確認済みにしました（{cause}）。以後の通知は止め、復旧時だけ知らせます。",
        "again": "{name}: 確認済みです（{cause}）。",
        "undone": "{name}: 再び通知します（{cause}）。",
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
    world = build(settings, os.environ)
    return _ack(settings, world, typed.words, back=UNDO in typed.flags)


def _ack(settings: Settings, world: World, names: tuple[str, ...], *, back: bool) -> int:
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
        acknowledge(settings, chosen, back=back)
    except OSError as error:
        asking.say(f"{settings.state_dir}/acked: {reason(error)}")
        return NOT_DONE
    for name in chosen:
        cause = cause_words(Ill(incidents[name]["cause"]), settings.language)
        before = incidents[name]["acked"] or name in known
        said = "undone" if back else ("again" if before else "noted")
        tell(say[said].format(name=name, cause=cause))
        what = f"incident={name} {user_name()}{' undo' if back else ''}"
        world.log.write("INFO", "watchdog", "OK", "ack", what)
    return 0


def _open(world: World) -> dict[str, Mapping[str, Any]]:
    """The open incidents as the last cycle left them, by name."""
    known = world.store.last_snapshot().get("incidents")
    return {each["id"]: each for each in known} if isinstance(known, list) else {}
