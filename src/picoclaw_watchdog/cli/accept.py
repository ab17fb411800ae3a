"""`picoclaw-watchdog accept`: what is seen now is what is right, for things moved on purpose."""

import os
import sys
from collections.abc import Callable

from picoclaw_watchdog.cli import asking
from picoclaw_watchdog.cli.arguments import Known, misused, typed_for
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.reasons import Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.targets import Target
from picoclaw_watchdog.core.watched import target_of
from picoclaw_watchdog.core.wording import sight_words, target_words
from picoclaw_watchdog.engine.accept import (
    ACCEPTABLE,
    Sighting,
    accepted,
    baseline_now,
    is_news,
    look_once,
)
from picoclaw_watchdog.engine.report import shown_baseline
from picoclaw_watchdog.engine.wiring import build, spare_dir
from picoclaw_watchdog.host.user import user_name
from picoclaw_watchdog.ports import Clock, World
from picoclaw_watchdog.screens.baselines import place
from picoclaw_watchdog.screens.times import when
from picoclaw_watchdog.store import lock
from picoclaw_watchdog.terminal.blocks import Cell, pairs
from picoclaw_watchdog.terminal.paint import Sign, Style, Terminal, show, tell, terminal_of

DONE, NOT_DONE, USAGE = 0, 1, 2
WAIT_FOR_CYCLE = 90.0  # seconds: the longest that one lasts

KNOWN = Known(flags=frozenset({"--yes"}), words=1, short={"-y": "--yes"})
HELP = {
    "en": Help(
        usage="picoclaw-watchdog accept [gateway|funnel|ollama] [--yes]",
        about="You have moved something on purpose: what is seen now becomes what the watchdog "
        "may restore. It looks once, changes nothing on the host, shows what was known and what "
        "is seen, and asks. What does not work now is forgotten, and not touched until it is "
        "seen working.",
        options=(("-y, --yes", "do not ask"),),
        statuses=(
            ("0", "accepted, or nothing has changed"),
            ("1", "not accepted, or it could not be saved"),
            ("2", "wrong usage or settings; without a terminal: --yes is missing"),
        ),
        examples=("picoclaw-watchdog accept gateway",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog accept [gateway|funnel|ollama] [--yes]",
        about="意図して移したときに使います。いま正常に見える構成を、見張りが復旧してよい構成に"
        "します。一度だけ確認し（ホストは変更しません）、これまでの構成と現在の構成を示して"
        "尋ねます。いま動いていないものの記録は消し、正常に動くまで手を付けません。",
        options=(("-y, --yes", "確認せずに進めます"),),
        statuses=(
            ("0", "受け入れた、または変更なし"),
            ("1", "受け入れなかった、または保存できない"),
            ("2", "使い方か設定の誤り（端末がなく --yes もない場合を含む）"),
        ),
        examples=("picoclaw-watchdog accept gateway",),
    ),
}
LABELS = {
    "en": {
        "unknown": "{word!r} is none of gateway, funnel, ollama",
        "no_terminal": "there is no terminal to ask at; --yes accepts without asking",
        "busy": "A cycle is running; waiting for it to end ...",
        "still_busy": "A cycle is still running; try again later.",
        "drill": "A drill is running: what is seen now is broken on purpose. Try again later.",
        "was": "so far",
        "now": "now",
        "then": "then",
        "never": "never seen working here",
        "known": "{place} (since {at})",
        "not_well": "does not work: {why}",
        "not_looked": "not checked",
        "stays": "stays as it is",
        "becomes": "this is what the watchdog may restore",
        "forgotten": "forgotten: nothing will be touched until it is seen working",
        "unchanged": "Nothing has changed.",
        "ask": "Type yes to accept this:",
        "not_done": "Nothing was accepted.",
        "accepted": "Accepted. It applies from the next cycle on.",
        "not_saved": "It could not be saved:",
    },
    "ja": {
        "unknown": "{word!r} は gateway、funnel、ollama のいずれでもありません",
        "no_terminal": "確認する端末がありません。--yes を付けると確認せずに受け入れます",
        "busy": "確認の周期が動いています。終わるのを待ちます…",
        "still_busy": "確認の周期がまだ動いています。あとでもう一度実行してください。",
        "drill": "訓練の最中で、障害はわざと起こしたものです。あとでもう一度実行してください。",
        "was": "これまで",
        "now": "現在",
        "then": "今後",
        "never": "ここで正常に動いたことはまだありません",
        "known": "{place}（{at} から）",
        "not_well": "動いていません: {why}",
        "not_looked": "確認していません",
        "stays": "変更なし",
        "becomes": "見張りはこの構成に復旧します",
        "forgotten": "記録を消します。正常に動くまで手を付けません",
        "unchanged": "変更はありません。",
        "ask": "受け入れるには yes と入力:",
        "not_done": "何も受け入れていません。",
        "accepted": "受け入れました。次の周期から有効です。",
        "not_saved": "保存できませんでした:",
    },
}


def main(arguments: list[str], clock: Clock | None = None) -> int:
    """Take what is seen now as the baseline.

    Args:
        arguments: what was typed behind the command.
        clock: the host's own if None.
    """
    asked = typed_for("accept", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    settings, typed = asked
    say = LABELS[settings.language]
    chosen = tuple(each for each in ACCEPTABLE if each.name in (typed.words or (each.name,)))
    if not chosen:
        wrong = say["unknown"].format(word=typed.words[0])
        return misused("accept", wrong, HELP, settings.language)
    certain = "--yes" in typed.flags
    if not certain and not (sys.stdin.isatty() and sys.stdout.isatty()):
        asking.say(f"picoclaw-watchdog accept: {say['no_terminal']}")
        return USAGE
    world = build(settings, os.environ)
    if clock is not None:
        world = world._replace(clock=clock)
    on = terminal_of(sys.stdout, os.environ, typed.colour)
    return accept(settings, world, on, chosen, (lambda: True) if certain else _agrees(settings))


def accept(
    settings: Settings,
    world: World,
    on: Terminal,
    chosen: tuple[Target, ...],
    agrees: Callable[[], bool],
) -> int:
    """Look, show, ask and save. No cycle runs meanwhile, except while the owner thinks.

    Args:
        settings: the owner's wishes.
        world: where all this happens.
        on: the terminal that shows it.
        chosen: what is meant.
        agrees: asks the owner.
    """
    say = LABELS[settings.language]
    held = _no_cycle(settings, world)
    if held is None:
        asking.say(say["still_busy"])
        return NOT_DONE
    with held:
        seen = look_once(settings, world)
    if seen.state.drill is not None:
        asking.say(say["drill"])
        return NOT_DONE
    for target in chosen:
        show(sys.stdout, _shown(on, seen, target, settings.language))
    if not any(is_news(seen, target) for target in chosen):
        tell(say["unchanged"])
        return DONE
    if not agrees():
        tell(say["not_done"])
        return NOT_DONE
    held = _no_cycle(settings, world)
    if held is None:
        asking.say(say["still_busy"])
        return NOT_DONE
    with held:
        return _save(settings, world, seen, chosen)


def _save(settings: Settings, world: World, seen: Sighting, chosen: tuple[Target, ...]) -> int:
    say = LABELS[settings.language]
    state = accepted(seen, world.store.load(world.clock.now()), chosen)
    if not world.store.save(state):
        asking.say(" ".join([say["not_saved"], *world.store.complaints()]))
        return NOT_DONE
    for target in chosen:
        known = state.baseline(target)
        what = place(shown_baseline(known)) if known is not None else "forgotten"
        world.log.write("INFO", target.name, "OK", "accept", f"{what} who={user_name()}")
    tell(say["accepted"])
    return DONE


def _shown(on: Terminal, seen: Sighting, target: Target, language: str) -> list[str]:
    """What was known of a target, what is seen now, and what follows."""
    say = LABELS[language]
    was, now = seen.state.baseline(target), baseline_now(seen, target)
    before, after = say["never"], say["stays"]
    if was is not None:
        at = when(was.since, seen.at.wall)
        before = say["known"].format(place=place(shown_baseline(was)), at=at)
    if now is None:
        sign, style = Sign.BAD, Style.BAD
        seen_now = Cell(_why_not(seen, target, language), style)
        after = say["forgotten"] if is_news(seen, target) else after
    else:
        sign, style = Sign.GOOD, Style.GOOD
        seen_now = Cell(place(shown_baseline(now)), style)
        after = say["becomes"] if is_news(seen, target) else after
    head = f"{on.paint(on.sign(sign), style)} {target_words(target, language)}"
    rows = [(say["was"], Cell(before)), (say["now"], seen_now), (say["then"], Cell(after))]
    return [head, *pairs(on, rows, indent=4)]


def _why_not(seen: Sighting, target: Target, language: str) -> str:
    say = LABELS[language]
    looks = [each for each in seen.look.seen if target_of(each) == target]
    ill = [each for each in looks if each.verdict is not Verdict.GOOD]
    if not ill:
        return say["not_looked"]
    first = min(ill, key=lambda each: each.verdict is not Verdict.BAD)
    words = sight_words(first.sight, language)
    detail = printable(first.detail)
    detail = "" if detail.lower() in words.lower() else detail
    return say["not_well"].format(why=": ".join(filter(None, [words, detail])))


def _no_cycle(settings: Settings, world: World) -> lock.Lock | None:
    """Wait for the end of a cycle that is running, and keep others out."""
    folder, spare = settings.state_dir, spare_dir(os.environ)
    held = lock.acquire(folder, spare, 0.5, world.clock.sleep)
    if held is None:
        tell(LABELS[settings.language]["busy"])
        held = lock.acquire(folder, spare, WAIT_FOR_CYCLE, world.clock.sleep)
    return held


def _agrees(settings: Settings) -> Callable[[], bool]:
    def asked() -> bool:
        try:
            answer = input(LABELS[settings.language]["ask"] + " ")
        except EOFError:
            print()
            return False
        return answer.strip().lower() in ("yes", "はい")

    return asked
