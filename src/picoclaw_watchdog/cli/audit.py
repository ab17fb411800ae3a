"""`picoclaw-watchdog audit`: who asked for what, and what became of it."""

import json
import sys
import time

from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.kick.audit import Line
from picoclaw_watchdog.kick.requests import matches

INTACT = 0
BROKEN = 1
USAGE = 2

HELP = """picoclaw-watchdog audit [--verify] [--json] [--source PATTERN]

Every request for recovery, oldest first, with its verdict and outcome.

--verify          only say whether a line was changed, removed or cut off
--json            one JSON object a line, as they are kept
--source PATTERN  only of these sources, such as line:U*

exit status: 0 every line is there and unchanged, 1 not so, 2 wrong usage
example: picoclaw-watchdog audit --verify"""

# The last second of the year 9999: a forged line may name any number.
LATEST = 253_402_300_799.0


def main(arguments: list[str]) -> int:
    """Print the audit log, or whether it is whole."""
    rest, pattern = list(arguments), "*"
    if "--source" in rest:
        place = rest.index("--source")
        pattern = rest[place + 1] if len(rest) > place + 1 else ""
        del rest[place : place + 2]
    if set(rest) - {"--verify", "--json"} or not pattern:
        print(HELP)
        return INTACT if rest and rest[0] in ("-h", "--help") else USAGE
    folder = load_settings().settings.state_dir
    problems = audit.verify(folder)
    if "--verify" in rest:
        _say_problems(problems, as_json="--json" in rest, number=audit.last_number(folder))
        return BROKEN if problems else INTACT
    for line in audit.lines(folder):
        if matches(pattern, line.event.source):
            raw = audit.render(line).decode().rstrip("\n")
            print(raw if "--json" in rest else _readable(line))
    for problem in problems:
        print(problem, file=sys.stderr)
    return BROKEN if problems else INTACT


def _say_problems(problems: list[str], *, as_json: bool, number: int) -> None:
    if as_json:
        print(json.dumps({"intact": not problems, "last": number, "problems": problems}))
        return
    for problem in problems:
        print(problem)
    if not problems:
        print(f"intact: the last line is number {number}")


def _readable(line: Line) -> str:
    event = line.event
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(min(max(event.at, 0.0), LATEST)))
    words = [at, event.event, event.action or "-", event.source or "-", event.id or "-"]
    if event.event == audit.REFUSED:
        words.append(event.verdict)
    words += [event.outcome] if event.event == audit.SERVED else []
    words += [event.detail.replace("\n", " / ")] if event.detail else []
    words += [f"{event.took:.2f}s"] if event.took else []
    return " ".join(words)
