"""`picoclaw-watchdog doctor`: is everything so that the watch works?"""

import json
import os
import sys

from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.demo.screen import Screen, width, wrapped
from picoclaw_watchdog.doctor import Entry, look_and_judge
from picoclaw_watchdog.doctor.finding import State
from picoclaw_watchdog.doctor.fixing import Fixed, fix_all
from picoclaw_watchdog.doctor.page import Page, columns_of, document
from picoclaw_watchdog.doctor.seen import Case
from picoclaw_watchdog.engine.wiring import secrets_of
from picoclaw_watchdog.host.machine import Machine
from picoclaw_watchdog.install.places import places

WELL = 0
ILL = 1
USAGE = 2

FLAGS = ("--fix", "--json", "--brief", "--webhook-test")
HELP = """picoclaw-watchdog doctor [--fix] [--brief] [--json] [--webhook-test]
                         [--language en|ja]

Looks at everything that must be so for the watch to work, and says what
mends what is not. It sends no message and changes nothing without --fix.

--fix           mend what is safe: permissions, folders, units, a dead timer,
                a stale pid file; then look again
--brief         only what is not in order
--json          for programs
--webhook-test  also let LINE itself call the webhook (60 an hour are allowed)

exit status: 0 nothing is bad (there may be warnings, and what is unknown),
1 something is bad, 2 wrong usage
example: picoclaw-watchdog doctor --fix"""


def main(arguments: list[str]) -> int:
    """Look, and with --fix mend and look again."""
    given, rest = "", list(arguments)
    if "--language" in rest:
        place = rest.index("--language")
        given = rest[place + 1] if len(rest) > place + 1 else "?"
        del rest[place : place + 2]
    if set(rest) - set(FLAGS) or given not in ("", "en", "ja"):
        asked = bool(rest) and rest[0] in ("-h", "--help")
        print(HELP, file=sys.stdout if asked else sys.stderr)
        return WELL if asked else USAGE
    case = case_of_this_host(webhook_test="--webhook-test" in rest)
    language = given or case.settings.language
    entries = look_and_judge(case)
    fixed: list[Fixed] = []
    if "--fix" in rest:
        fixed = fix_all(case, (entry.finding for entry in entries))
        if fixed:
            entries = look_and_judge(case_of_this_host(webhook_test=case.webhook_test))
    if "--json" in rest:
        text = json.dumps(
            document(entries, fixed, Machine().name(), language), ensure_ascii=False, indent=2
        )
    else:
        text = "\n".join(on_paper(case, entries, fixed, language, brief="--brief" in rest))
    print(_masked(text, case))
    return ILL if any(entry.finding.state is State.BAD for entry in entries) else WELL


def case_of_this_host(*, webhook_test: bool = False) -> Case:
    """This user on this host, with the settings as they are now."""
    where = places(os.environ, os.path.expanduser("~"))
    return Case(load_settings(), os.environ, where, user_name(), webhook_test)


def on_paper(
    case: Case, entries: tuple[Entry, ...], fixed: list[Fixed], language: str, *, brief: bool
) -> list[str]:
    """The lines for this terminal."""
    page = Page(language, columns_of(os.environ), wrapped, Screen().paint, width)
    lines = page.fixes(fixed, case.short)
    host = Machine().name()
    return lines + (page.troubles(entries, host) if brief else page.whole(entries, host))


def user_name() -> str:
    """This user's name."""
    from pwd import getpwuid

    try:
        return getpwuid(os.getuid()).pw_name
    except KeyError:
        return os.environ.get("USER", str(os.getuid()))


def _masked(text: str, case: Case) -> str:
    """The text without secrets, whoever may have put one into it."""
    for secret in secrets_of(case.settings):
        text = text.replace(secret, "***")
    return text
