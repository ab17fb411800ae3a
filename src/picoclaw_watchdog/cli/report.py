"""`picoclaw-watchdog report`: one incident as Markdown, to send to somebody who knows more."""

import os
import re
import sys
from collections.abc import Iterable

from picoclaw_watchdog import __version__
from picoclaw_watchdog.cli.arguments import Known, Typed, typed_in
from picoclaw_watchdog.cli.choosing import Chosen
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.loading import ended, mistake_lines
from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.foreign import masked, printable
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.engine.wiring import store_of
from picoclaw_watchdog.host.clock import HostClock
from picoclaw_watchdog.host.machine import Machine
from picoclaw_watchdog.host.process import run
from picoclaw_watchdog.host.systemd import bus_environment
from picoclaw_watchdog.host.user import user_name
from picoclaw_watchdog.ports import Clock
from picoclaw_watchdog.screens.incidents import Told
from picoclaw_watchdog.screens.report import Surroundings, report
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.mistakes import DEFAULT
from picoclaw_watchdog.settings.schema import SETTINGS, Kind
from picoclaw_watchdog.settings.show import MASK, as_shown
from picoclaw_watchdog.store import log_reader
from picoclaw_watchdog.store.files import read_small, reason, write_atomically
from picoclaw_watchdog.terminal.paint import show, terminal_of

NOT_WRITTEN = 1
DEADLINE = 3.0  # seconds for each program that is asked for its version
JOURNAL_LINES = 80
JOURNAL_BYTES = 65_536  # that are read of a journal's end
LOG_LINES = 100
AROUND = 120.0  # seconds before and after the incident whose log belongs to it
PRIVATE = frozenset({Kind.TOKEN, Kind.PASSPHRASE, Kind.RECIPIENT})
PROGRAMS = (
    ("systemd", ("systemctl", "--version")),
    ("Tailscale", ("tailscale", "version")),
    ("PicoClaw", ("picoclaw", "version")),
)
# A user, a group or a room.
_LINE_ID = re.compile(r"\b([UCR])[0-9a-f]{32}\b")
_TAILNET = re.compile(r"(?<![\w.-])[\w-]+(?:\.[\w-]+)*\.ts\.net")
# Names of users and hosts that say nothing, and would take words of the report with them.
ORDINARY = frozenset(("", "root", "localhost", "host", "user", *(t.name for t in targets.BUILT_IN)))
KNOWN = Known(
    flags=frozenset({"--journal"}),
    valued=frozenset({"--output"}),
    words=1,
    short={"-o": "--output"},
)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog report [ID] [--journal] [--output FILE]",
        about="One incident as Markdown, to send to somebody who knows more: what happened when, "
        "what was tried, versions, settings and the log around it. Secrets and names are masked; "
        "still, read it before you send it.",
        options=(
            ("--journal", "with what the gateway wrote: people's messages may be in it"),
            ("-o, --output FILE", "write it there; nobody else can read that file"),
        ),
        statuses=(
            ("0", "done"),
            ("1", "no such incident, or the file could not be written"),
            ("2", "wrong usage, or mistakes in the settings: what is known is shown"),
        ),
        examples=("picoclaw-watchdog report gateway -o report.md",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog report [ID] [--journal] [--output FILE]",
        about="1 件の障害を、詳しい人に送れる Markdown にします。経過、試みたこと、各バージョン、"
        "設定、前後のログを含みます。秘密と名前は伏せますが、送る前に必ず目を通してください。",
        options=(
            ("--journal", "ゲートウェイの出力も含めます（会話の内容が入ることがあります）"),
            ("-o, --output FILE", "このファイルに書きます（本人だけが読めます）"),
        ),
        statuses=(
            ("0", "完了"),
            ("1", "その障害はない、または書き込めない"),
            ("2", "使い方の誤り、または設定の誤り（分かることは表示します）"),
        ),
        examples=("picoclaw-watchdog report gateway -o report.md",),
    ),
}
_SAID = {
    "en": {
        "written": "written to {path}; read it before you send it",
        "failed": "{path} cannot be written: {why}",
    },
    "ja": {
        "written": "{path} に書きました。送る前に目を通してください。",
        "failed": "{path} に書けません: {why}",
    },
}


def main(arguments: list[str], clock: Clock | None = None) -> int:
    """Write the report of one incident.

    Args:
        arguments: what was typed behind the command.
        clock: the host's own if None.
    """
    asked = typed_in("report", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    return ended(loaded, _report(loaded, typed, (clock or HostClock()).now().wall))


def _report(loaded: Loaded, typed: Typed, now: float) -> int:
    settings = loaded.settings
    chosen = Chosen(store_of(settings, os.environ), typed.words)
    if chosen.story is None or chosen.brief is None:
        return chosen.complain(settings.language)
    paths = {each.evidence for each in chosen.story.attempts if each.evidence}
    gone = frozenset(path for path in paths if not os.path.exists(path))
    home = os.path.expanduser("~")
    told = Told(chosen.story, chosen.brief, gone, home, now, settings.language)
    lines = [_masked(line, loaded) for line in report(told, _surroundings(loaded, told, typed))]
    path = typed.values.get("--output")
    if path is not None:
        return _write(path, lines, settings.language)
    on = terminal_of(sys.stdout, os.environ)
    wrap = sys.stdout.isatty()  # Markdown for eyes; a pipe gets it as it is
    show(sys.stdout, [part for line in lines for part in (on.text(line) if wrap else [line])])
    return 0


def _write(path: str, lines: list[str], language: str) -> int:
    say = _SAID[language]
    try:
        write_atomically(os.path.abspath(path), "".join(f"{line}\n" for line in lines).encode())
    except OSError as error:
        print(say["failed"].format(path=path, why=reason(error)), file=sys.stderr)
        return NOT_WRITTEN
    print(say["written"].format(path=path))
    return 0


def _masked(text: str, loaded: Loaded) -> str:
    """Without secrets, and without who and where this is: it is made for strangers."""
    text = masked(text, (*secrets_of(loaded.settings), *loaded.unread))
    text = text.replace(os.path.expanduser("~"), "~")
    for name, instead in ((user_name(), "USER"), (Machine().name(), "HOST")):
        if name not in ORDINARY:
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", instead, text)
    return _TAILNET.sub(r"***.ts.net", _LINE_ID.sub(r"\1***", text))


def _surroundings(loaded: Loaded, told: Told, typed: Typed) -> Surroundings:
    return Surroundings(
        version=__version__,
        versions=tuple(_versions()),
        settings=tuple(_settings(loaded)),
        mistakes=tuple(mistake_lines(loaded)),
        journal=tuple(_journal(loaded, told)) if "--journal" in typed.flags else None,
        log=tuple(_log(loaded, told)),
    )


def _versions() -> Iterable[tuple[str, str]]:
    yield "picoclaw-watchdog", __version__
    yield "Python", sys.version.split()[0]
    system = os.uname()
    yield system.sysname, f"{system.release} {system.machine}"
    for name, argv in PROGRAMS:
        ran = run(argv, DEADLINE, env=bus_environment())
        lines = ran.out.strip().splitlines()
        yield name, printable(lines[0])[:120] if ran.ok and lines else "-"


def _settings(loaded: Loaded) -> Iterable[tuple[str, str]]:
    for setting in SETTINGS:
        if loaded.origins[setting.field] != DEFAULT:
            value = as_shown(setting, getattr(loaded.settings, setting.field))
            yield setting.name, MASK if setting.kind in PRIVATE and value else value


def _journal(loaded: Loaded, told: Told) -> list[str]:
    """The end of the journal that was saved last for this incident."""
    paths = [each.evidence for each in told.story.attempts if each.evidence]
    for path in reversed([each for each in paths if each not in told.gone]):
        try:
            content = read_small(path, JOURNAL_BYTES, tail=True)
        except OSError:
            continue
        lines = (content or b"").decode("utf-8", "replace").splitlines()[-JOURNAL_LINES:]
        return [_masked(printable(line), loaded) for line in lines]
    return []


def _log(loaded: Loaded, told: Told) -> list[str]:
    """What the watchdog wrote from shortly before the incident to shortly after it."""
    brief = told.brief
    ended = (brief.closed if brief.closed is not None else told.now) + AROUND
    since = brief.opened - AROUND
    lines = log_reader.first(loaded.settings.log_file, LOG_LINES, since, ended)
    return [_masked(printable(line.text), loaded) for line in lines]
