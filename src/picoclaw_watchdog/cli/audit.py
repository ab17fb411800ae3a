"""`picoclaw-watchdog audit`: who asked for what, and what became of it."""

import json
import sys
import time

from picoclaw_watchdog.cli.arguments import Known, misused, typed_in
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.kick_wording import detail_words, outcome_words
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.core.wording.requests import request_reason
from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.kick.audit import Line, Problem
from picoclaw_watchdog.kick.requests import matches
from picoclaw_watchdog.terminal.paint import tell

INTACT = 0
BROKEN = 1

KNOWN = Known(flags=frozenset({"--verify", "--json"}), valued=frozenset({"--source"}))
HELP = {
    "en": Help(
        usage="picoclaw-watchdog audit [--verify] [--json] [--source PATTERN]",
        about="Every request for recovery, oldest first, with its verdict and outcome.",
        options=(
            ("--verify", "only say whether a line was changed, removed or cut off"),
            ("--json", "one JSON object a line, as they are kept"),
            ("--source PATTERN", "only of these sources, such as line:U*"),
        ),
        statuses=(
            ("0", "every line is there and unchanged"),
            ("1", "one is not"),
            ("2", "wrong usage"),
        ),
        examples=("picoclaw-watchdog audit --verify",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog audit [--verify] [--json] [--source パターン]",
        about="復旧の依頼をすべて、判定と結果とともに古い順に表示します。",
        options=(
            ("--verify", "行の改変、削除、末尾の切り取りがないかだけを調べます"),
            ("--json", "記録のとおりに、1 行に 1 つの JSON で表示します"),
            ("--source パターン", "この依頼元だけを表示します。例: line:U*"),
        ),
        statuses=(
            ("0", "全行がそろい改変もない"),
            ("1", "そうではない"),
            ("2", "使い方の誤り"),
        ),
        examples=("picoclaw-watchdog audit --verify",),
    ),
}
INTACT_TEXT = Text(
    "intact: the last line is number {number}", "異常ありません。最後の行は {number} 番です"
)
EVENTS = {
    audit.ACCEPTED: Text("accepted", "受付"),
    audit.REFUSED: Text("refused", "拒否"),
    audit.SERVED: Text("served", "結果"),
}

# The last second of the year 9999: a forged line may name any number.
LATEST = 253_402_300_799.0


def main(arguments: list[str]) -> int:
    """Print the audit log, or whether it is whole."""
    asked = typed_in("audit", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    language, folder = loaded.settings.language, loaded.settings.state_dir
    pattern = typed.values.get("--source", "*")
    if not pattern:
        return misused("audit", "--source", HELP, language)
    problems = audit.verify(folder)
    as_json = "--json" in typed.flags
    out = print if as_json else tell
    if "--verify" in typed.flags:
        number = audit.last_number(folder)
        out(_verdict_json(problems, number) if as_json else _verdict(problems, number, language))
        return BROKEN if problems else INTACT
    for line in audit.lines(folder):
        if matches(pattern, line.event.source):
            raw = audit.render(line).decode().rstrip("\n")
            out(raw if as_json else _readable(line, language))
    for problem in problems:
        tell(problem.say(language), sys.stderr)
    return BROKEN if problems else INTACT


def _verdict_json(problems: list[Problem], number: int) -> str:
    said = [problem.say("en") for problem in problems]
    return json.dumps({"intact": not problems, "last": number, "problems": said})


def _verdict(problems: list[Problem], number: int, language: str) -> str:
    said = [problem.say(language) for problem in problems]
    return "\n".join(said or [INTACT_TEXT.say(language, number=number)])


def _readable(line: Line, language: str) -> str:
    event = line.event
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(min(max(event.at, 0.0), LATEST)))
    what = EVENTS[event.event].say(language) if event.event in EVENTS else event.event
    words = [at, what, event.action or "-", event.source or "-", event.id or "-"]
    if event.event == audit.REFUSED:
        words.append(request_reason(event.verdict, language))
    if event.event == audit.SERVED:
        words.append(outcome_words(event.outcome, language))
    if event.detail:
        lines = event.detail.split("\n")  # more than one: what `status` answered
        done = event.outcome == "done"
        why = " / ".join(lines) if lines[1:] else detail_words(event.detail, language, done=done)
        words.append(why)
    words += [f"{event.took:.2f}s"] if event.took else []
    return " ".join(words)
