"""`picoclaw-watchdog --help`: every command on one screen; and what a misspelt one may mean."""

import os
import sys

from picoclaw_watchdog.cli.commands import about, groups, names
from picoclaw_watchdog.settings.load import language_of
from picoclaw_watchdog.terminal.blocks import pairs
from picoclaw_watchdog.terminal.columns import width
from picoclaw_watchdog.terminal.paint import Style, show, terminal_of

SAY = {
    "en": {
        "usage": "picoclaw-watchdog COMMAND [--help]; for example: picoclaw-watchdog status",
        "unknown": "picoclaw-watchdog: there is no command {0!r}",
        "meant": "did you mean: picoclaw-watchdog {0}",
        "all": "all commands: picoclaw-watchdog --help",
    },
    "ja": {
        "usage": "picoclaw-watchdog コマンド [--help]（例: picoclaw-watchdog status）",
        "unknown": "picoclaw-watchdog: {0!r} というコマンドはありません",
        "meant": "これではありませんか: picoclaw-watchdog {0}",
        "all": "コマンドの一覧: picoclaw-watchdog --help",
    },
}
FULL_WIDTH = 60  # columns; below, the groups' names stand above their commands


def language() -> str:
    """As the environment has it: the settings need not be readable for this."""
    wanted = os.environ.get("PICOCLAW_WATCHDOG_LANGUAGE", "").lower()
    return wanted if wanted in SAY else language_of(os.environ)


def show_usage(*, to_errors: bool = False) -> None:
    """Print every command with what it does."""
    stream = sys.stderr if to_errors else sys.stdout
    on, spoken = terminal_of(stream, os.environ), language()
    place = 1 if spoken == "ja" else 0
    found = list(groups())
    names_width = max(len(name) for _, listed in found for name in listed)
    titles_width = max(width(titles[place]) for titles, _ in found)
    lines = on.text(SAY[spoken]["usage"])
    for titles, listed in found:
        title = titles[place]
        rows = [(f"{name:{names_width}}", about(name, spoken)) for name in listed]
        if on.columns < FULL_WIDTH:
            lines += [on.paint(title, Style.HEAD), *pairs(on, rows, indent=2)]
            continue
        indent = titles_width + 2
        block = pairs(on, rows, indent=indent)
        head = on.paint(title, Style.HEAD) + " " * (indent - width(title))
        lines += [head + block[0][indent:], *block[1:]]
    show(stream, lines)


def show_unknown(name: str) -> None:
    """Say that there is no such command, and which one is near."""
    from difflib import get_close_matches

    say = SAY[language()]
    known = names()
    near = get_close_matches(name.lower(), known, n=1, cutoff=0.6)
    begins = [each for each in known if each.startswith(name.lower())]
    meant = near or (begins if len(name) > 1 else [])
    said = say["meant"].format(meant[0]) if meant else say["all"]
    show(sys.stderr, [say["unknown"].format(name), said])
