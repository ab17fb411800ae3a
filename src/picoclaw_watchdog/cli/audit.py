"""`picoclaw-watchdog audit`: who asked for what, and what became of it."""

import json
import sys
import time

from picoclaw_watchdog.cli.kick_wording import detail_words, outcome_words
from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.core.wording.requests import request_reason
from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.kick.audit import Line, Problem
from picoclaw_watchdog.kick.requests import matches
from picoclaw_watchdog.terminal.paint import tell

INTACT = 0
BROKEN = 1
USAGE = 2

HELP = Text(
    """picoclaw-watchdog audit [--verify] [--json] [--source PATTERN]

Every request for recovery, oldest first, with its verdict and outcome.

--verify          only say whether a line was changed, removed or cut off
--json            one JSON object a line, as they are kept
--source PATTERN  only of these sources, such as line:U*

exit status: 0 every line is there and unchanged, 1 not so, 2 wrong usage
example: picoclaw-watchdog audit --verify""",
    """picoclaw-watchdog audit [--verify] [--json] [--source パターン]

復旧の依頼をすべて、判定と結果とともに古い順に表示します。

--verify           行の改変、削除、末尾の切り取りがないかだけを調べます
--json             記録のとおりに、1 行に 1 つの JSON で表示します
--source パターン  この依頼元だけを表示します。例: line:U*

終了ステータス: 0 全行がそろい改変もない、1 そうではない、2 使い方の誤り
例: picoclaw-watchdog audit --verify""",
)
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
    rest, pattern = list(arguments), "*"
    settings = load_settings().settings
    language, folder = settings.language, settings.state_dir
    if "--source" in rest:
        place = rest.index("--source")
        pattern = rest[place + 1] if len(rest) > place + 1 else ""
        del rest[place : place + 2]
    if set(rest) - {"--verify", "--json"} or not pattern:
        asked = bool(rest) and rest[0] in ("-h", "--help")
        print(HELP.say(language), file=sys.stdout if asked else sys.stderr)
        return INTACT if asked else USAGE
    problems = audit.verify(folder)
    as_json = "--json" in rest
    out = print if as_json else tell
    if "--verify" in rest:
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
        words.append(detail_words(event.detail, language).replace("\n", " / "))
    words += [f"{event.took:.2f}s"] if event.took else []
    return " ".join(words)
