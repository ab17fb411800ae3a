"""`picoclaw-watchdog rehearse`: a night, or ten years of them, on a pretend host in virtual time.

The owner's own settings are rehearsed. State, messages and requests are the pretend host's: the
owner's folders are only read, for the settings.
"""

import os
import sys
import time

from picoclaw_watchdog.cli.arguments import Known, Typed, is_number, misused, typed_for
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.host.clock import monotonic
from picoclaw_watchdog.sim import play, proof, story, words
from picoclaw_watchdog.sim.play import Played
from picoclaw_watchdog.sim.story import Story
from picoclaw_watchdog.terminal.blocks import pairs
from picoclaw_watchdog.terminal.paint import Style, Terminal, show, tell, terminal_of

DONE, BROKEN, USAGE = 0, 1, 2
WEEKS_IN_A_YEAR = 52
KNOWN = Known(flags=frozenset({"--crash"}), valued=frozenset({"--years", "--seed"}), words=1)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog rehearse [STORY] [--crash]\n"
        "picoclaw-watchdog rehearse --years N [--seed N]",
        about="Plays a night on a pretend host, in seconds, with your own settings: what happens, "
        "what the watchdog does about it, what you would get on LINE. Without a story: the list of "
        "them.",
        options=(
            ("--crash", "the story again and again, with the watchdog killed at every point"),
            ("--years N", "N years of random nights, on all cores"),
            ("--seed N", "a random seed; the same number gives the same years (0)"),
        ),
        statuses=(
            ("0", "everything as expected"),
            ("1", "something was not"),
            ("2", "wrong usage"),
        ),
        examples=("picoclaw-watchdog rehearse crash-loop",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog rehearse [物語] [--crash]\n"
        "picoclaw-watchdog rehearse --years N [--seed N]",
        about="架空のホストで一夜を数秒で再現します。設定はあなたのものです。何が起こり、監視が"
        "何をし、LINE に何が届くかを表示します。物語を指定しなければ一覧を表示します。",
        options=(
            ("--crash", "監視をあらゆる箇所で強制終了しながら、同じ物語を繰り返します"),
            ("--years N", "偶然に任せた N 年分の夜を、すべてのコアで実行します"),
            ("--seed N", "別の偶然にします。同じ番号なら同じ N 年になります（0）"),
        ),
        statuses=(("0", "すべて期待どおり"), ("1", "そうではない"), ("2", "使い方の誤り")),
        examples=("picoclaw-watchdog rehearse crash-loop",),
    ),
}
PLAYED = Text(
    "{span} in {took:.1f} s: {restarts} restarts, {pushes} messages, {cycles} cycles run,"
    " {leapt} leapt over",
    "{span} を {took:.1f} 秒で再現: 再起動 {restarts} 回、メッセージ {pushes} 通、"
    "実行した周期 {cycles} 回、省いた周期 {leapt} 回",
)
UNMET = Text("not as this story says: {what}", "物語の記述と異なります: {what}")
YOUR_SETTINGS = Text(
    "the stories are written for the default settings; yours may well lead elsewhere",
    "物語は既定の設定を前提としています。あなたの設定では結果が異なることがあります",
)
GOOD = Text("everything is as expected", "すべて期待どおりです")
POINTS = Text("{number} points", "{number} 箇所")
PROGRESS = Text(
    "{years:.1f} years, {broken} broken", "{years:.1f} 年分、破れた不変条件 {broken} 件"
)
FOR_A_STORY = Text(
    "watch one: picoclaw-watchdog rehearse {name}", "再現する: picoclaw-watchdog rehearse {name}"
)


def main(arguments: list[str]) -> int:
    """Rehearse.

    Returns:
        0 all as it must be; 1 an invariant was broken, or the story came out otherwise; 2 wrong
        usage or settings.
    """
    asked = typed_for("rehearse", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    settings, typed = asked
    numbers = []
    for option in ("--years", "--seed"):
        value = typed.values.get(option, "0")
        if not is_number(value):
            return misused("rehearse", f"{option} {value}", HELP, settings.language)
        numbers.append(float(value))
    years, seed = numbers
    if years:
        return _live(settings, years, int(seed), typed.colour)
    if not typed.words:
        return _list(settings.language, typed.colour)
    return _perform(settings, typed)


def _list(language: str, colour: str) -> int:
    on = terminal_of(sys.stdout, os.environ, colour)
    named = [story.load(name) for name in story.names()]
    lines = pairs(on, [(each.name, each.title[_either(language)]) for each in named])
    show(sys.stdout, [*lines, "", *on.text(FOR_A_STORY.say(language, name=named[0].name))])
    return DONE


def _perform(settings: Settings, typed: Typed) -> int:
    try:
        told = story.load(typed.words[0])
    except story.StoryError as error:
        tell(f"picoclaw-watchdog rehearse: {error}", sys.stderr)
        return USAGE
    if "--crash" in typed.flags:
        return _crash(settings, told)
    began = time.process_time()
    with play.folder() as where:
        played = play.play(told, settings, where)
    on = terminal_of(sys.stdout, os.environ, typed.colour)
    show(sys.stdout, _lines(on, played, told, settings.language, time.process_time() - began))
    return BROKEN if played.broken else DONE


def _lines(on: Terminal, played: Played, told: Story, language: str, took: float) -> list[str]:
    lines = [on.paint(told.title[_either(language)], Style.HEAD)]
    rows = []
    for note in played.life.host.notes:
        if note.at <= told.lasts:
            who = words.WHO[note.who].say(language)
            rows.append((f"{_clock(note.at)} {who}", words.say(note, language)))
    lines += pairs(on, rows)
    records = played.life.records
    facts = {
        "span": _clock(played.life.host.seconds),
        "took": took,
        "restarts": len(records.struck),
        "pushes": len(records.told),
        "cycles": records.cycles,
        "leapt": records.leapt,
    }
    lines += ["", *on.text(PLAYED.say(language, **facts))]
    for each in played.broken:
        lines += on.text(f"{each.sentence} {each.what}")
    for what in played.unmet:
        lines += on.text(UNMET.say(language, what=what))
    if played.unmet:
        lines += on.text(YOUR_SETTINGS.say(language))
    if played.is_good:
        lines += on.text(GOOD.say(language))
    return lines


def _crash(settings: Settings, told: Story) -> int:
    number = broken = 0
    for kill, played in play.crash_everywhere(told, settings):
        number += 1
        if played.broken:
            broken += 1
            print(play.report(played, f"{told.name}, {kill.words}"), end="\n\n")
    language = settings.language
    tell(POINTS.say(language, number=number) + ("" if broken else ": " + GOOD.say(language)))
    return BROKEN if broken else DONE


def _live(settings: Settings, years: float, seed: int, colour: str) -> int:
    on = terminal_of(sys.stdout, os.environ, colour)
    shown = [monotonic()]

    def progress(total: proof.Tally) -> None:
        if monotonic() - shown[0] > 1.0 and sys.stderr.isatty():
            shown[0] = monotonic()
            facts = {"years": total.simulated / proof.YEAR, "broken": len(total.broken)}
            print(f"\r{PROGRESS.say(settings.language, **facts)}", end="", file=sys.stderr)

    number = max(1, round(years * WEEKS_IN_A_YEAR))
    first = seed * 1_000_000
    jobs = os.cpu_count() or 1
    total = proof.weeks(range(first, first + number), settings, jobs, progress)
    if sys.stderr.isatty():
        print("\r", end="", file=sys.stderr)
    for text in total.broken[: proof.SHOWN]:
        print(text, end="\n\n")
    show(sys.stdout, pairs(on, proof.rows(total)))
    return BROKEN if total.broken else DONE


def _either(language: str) -> str:
    return "ja" if language.startswith("ja") else "en"


def _clock(seconds: float) -> str:
    days, rest = divmod(int(seconds), 86_400)
    text = f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}d {text}" if days else text
