"""`picoclaw-watchdog doctor`: is everything so that the watch works?"""

import os
import sys

from picoclaw_watchdog.cli.arguments import LANGUAGE, Known, Typed, typed_in
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.core.foreign import without
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.doctor import look_and_judge
from picoclaw_watchdog.doctor.finding import State
from picoclaw_watchdog.doctor.fixing import Fixed, fix_all
from picoclaw_watchdog.doctor.page import Page, document
from picoclaw_watchdog.doctor.seen import Case
from picoclaw_watchdog.host.machine import Machine
from picoclaw_watchdog.host.user import user_name
from picoclaw_watchdog.install.places import places
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.terminal.paint import show, show_json, terminal_of

WELL = 0
ILL = 1
USAGE = 2

KNOWN = Known(
    flags=frozenset({"--fix", "--json", "--brief", "--webhook-test"}),
    choices=LANGUAGE,
)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog doctor [--fix] [--brief] [--json]",
        about="Looks at everything that must be so for the watch to work, and says what mends "
        "what is not. Sends no message; changes nothing without --fix.",
        options=(
            ("--fix", "do what is safe: permissions, folders, units, timer, pid file"),
            ("--brief", "only what is not in order"),
            ("--webhook-test", "also let LINE itself call the webhook"),
            ("--json", "for programs"),
            ("--language en|ja", "other than the settings say"),
        ),
        statuses=(
            ("0", "nothing is bad; there may be warnings, or what is unknown"),
            ("1", "something is bad"),
            ("2", "wrong usage"),
        ),
        examples=("picoclaw-watchdog doctor --fix",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog doctor [--fix] [--brief] [--json]",
        about="監視に必要な条件をすべて確かめ、問題があれば直し方を示します。通知は送りません。"
        "--fix がなければ何も変更しません。",
        options=(
            ("--fix", "安全に直せるものを直します（権限、フォルダー、ユニット、タイマーなど）"),
            ("--brief", "問題のある項目だけを表示します"),
            ("--webhook-test", "LINE からの Webhook テストも行います"),
            ("--json", "プログラム向けに出力します"),
            ("--language en|ja", "設定と異なる言語で表示します"),
        ),
        statuses=(
            ("0", "異常なし（注意や不明はありえます）"),
            ("1", "異常あり"),
            ("2", "使い方の誤り"),
        ),
        examples=("picoclaw-watchdog doctor --fix",),
    ),
}


def main(arguments: list[str]) -> int:
    """Look, and with --fix mend and look again. Broken settings are findings like others."""
    asked = typed_in("doctor", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    case = case_of_this_host(loaded)
    language = typed.values.get("--language", case.settings.language)
    return _examine(case._replace(webhook_test="--webhook-test" in typed.flags), typed, language)


def _examine(case: Case, typed: Typed, language: str) -> int:
    entries = look_and_judge(case)
    fixed: list[Fixed] = []
    if "--fix" in typed.flags:
        fixed = fix_all(case, (entry.finding for entry in entries))
        if fixed:
            entries = look_and_judge(case._replace(loaded=load_settings()))
    host = Machine().name()
    if "--json" in typed.flags:
        said = document(entries, fixed, host, language)
        show_json(_masked(said, case))
    else:
        page = Page(language, terminal_of(sys.stdout, os.environ, typed.colour))
        lines = page.fixes(fixed, case.short)
        brief = "--brief" in typed.flags
        lines += page.troubles(entries, host) if brief else page.whole(entries, host)
        secrets = secrets_of(case.settings)
        show(sys.stdout, [without(secrets, line) for line in lines])
    return ILL if any(entry.finding.state is State.BAD for entry in entries) else WELL


def case_of_this_host(loaded: Loaded) -> Case:
    """This user on this host, with these settings."""
    where = places(os.environ, os.path.expanduser("~"))
    return Case(loaded, os.environ, where, user_name())


def _masked(said: object, case: Case) -> object:
    """A document without secrets, whoever may have put one into it."""
    if isinstance(said, str):
        return without(secrets_of(case.settings), said)
    if isinstance(said, dict):
        return {name: _masked(value, case) for name, value in said.items()}
    if isinstance(said, list | tuple):
        return [_masked(value, case) for value in said]
    return said
