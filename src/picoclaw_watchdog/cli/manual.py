"""The manual page, made from what each command says of itself and from the settings' table.

`python -m picoclaw_watchdog.cli.manual` prints it; `install` puts it where `man` looks.
"""

import sys
from textwrap import wrap

from picoclaw_watchdog import __version__
from picoclaw_watchdog.cli.commands import PROGRAM, about, groups, help_text, names
from picoclaw_watchdog.cli.main import COMMANDS
from picoclaw_watchdog.settings.schema import SETTINGS, Section
from picoclaw_watchdog.settings.show import default_text
from picoclaw_watchdog.settings.texts import MEANINGS, SECTIONS

MARK = '.\\" Made by picoclaw-watchdog.'
DATE = "2026-11-24"
COLUMNS = 72  # of the commands' own help: man indents it
FILES = (
    ("~/.picoclaw/.env", "the settings; secrets are in it, so only you may read it"),
    ("~/.picoclaw/config.json", "PicoClaw's own; settings may stand in its object `watchdog`"),
    ("~/.picoclaw/logs/ops-watchdog.log", "one line for a quiet cycle, more for others"),
    ("~/.picoclaw/state/watchdog/", "counters and times that you may edit, captures, status.json"),
    ("~/.config/systemd/user/picoclaw-watchdog.*", "the service, its timer, a path unit for kicks"),
)
DESCRIPTION = (
    "Every minute systemd starts a cycle: it looks at the gateway, its LINE webhook, Tailscale "
    "Funnel and Ollama, finds the root cause of what is wrong, recovers that, verifies it, and "
    "tells the owner what matters. Nothing stays resident between runs."
)
STATUSES = (
    ("0", "done"),
    ("1", "the answer is no"),
    ("2", "wrong usage, or a mistake in the settings"),
    ("70", "an error of ours: please report it"),
    ("130", "interrupted"),
)


def page() -> str:
    """The page, in man(7)'s macros."""
    parts = [
        MARK,
        f".TH PICOCLAW\\-WATCHDOG 1 {DATE} {_quoted(f'{PROGRAM} {__version__}')}",
        ".SH NAME",
        "picoclaw\\-watchdog \\- watch a PicoClaw host, recover it, tell its owner",
        ".SH SYNOPSIS",
        ".B picoclaw\\-watchdog",
        ".I command",
        "[\\fIoptions\\fR]",
        ".SH DESCRIPTION",
        *_prose(DESCRIPTION),
        ".PP",
        "Every command explains itself:",
        ".B picoclaw\\-watchdog",
        ".I command",
        ".B \\-\\-help",
        ".SH COMMANDS",
    ]
    for _, listed in groups():
        for name in listed:
            parts += [".TP", f".B {_text(name)}", _text(about(name, "en"))]
    parts += _in_detail()
    parts += [".SH EXIT STATUS", "A command may have more; its help says so."]
    parts += _list(STATUSES)
    parts += [".SH FILES", *_list(FILES), ".SH SETTINGS"]
    parts += [
        "In the environment or in",
        ".IR ~/.picoclaw/.env ,",
        "with their defaults.",
    ]
    for section in Section:
        parts.append(f".SS {_text(SECTIONS[section].en)}")
        for setting in SETTINGS:
            if setting.section is section:
                default = default_text(setting)
                value = f' " [{_text(default)}]"' if default else ""
                meaning = MEANINGS[setting.field].en.replace("`", "")
                parts += [".TP", f".BR {_text(setting.name)}{value}", *_prose(meaning)]
    parts += [
        ".SH SEE ALSO",
        ".BR systemctl (1),",
        ".BR journalctl (1),",
        ".BR loginctl (1),",
        ".BR systemd.timer (5)",
    ]
    return "\n".join(parts) + "\n"


def _in_detail() -> list[str]:
    parts = [".SH EACH COMMAND"]
    for name in names():
        if name in COMMANDS:
            parts += [f".SS {_text(name)}", ".nf"]
            parts += [_text(line) for line in help_text(name, columns=COLUMNS).splitlines()]
            parts.append(".fi")
    return parts


def _list(rows: tuple[tuple[str, str], ...]) -> list[str]:
    return [part for name, text in rows for part in (".TP", f".I {_text(name)}", _text(text))]


def _text(text: str) -> str:
    """As roff shows it literally: no line of it is a request."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def _prose(text: str) -> list[str]:
    """A paragraph in lines that mandoc finds short enough."""
    return [_text(line) for line in wrap(text, 76, break_on_hyphens=False)]


def _quoted(text: str) -> str:
    return f'"{text.replace(chr(34), chr(39))}"'


if __name__ == "__main__":
    sys.stdout.write(page())
