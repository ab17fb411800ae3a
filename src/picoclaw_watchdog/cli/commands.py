"""The commands as a person sees them: grouped, in both languages, with what each says of itself.

What `--help` prints is the one source: completion and the manual page are made from it.
"""

import io
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib import import_module
from typing import NamedTuple

from picoclaw_watchdog.cli.main import ALSO, COMMANDS, is_shared, module_of

PROGRAM = "picoclaw-watchdog"
GROUPS: dict[str, tuple[tuple[str, str], tuple[str, ...]]] = {
    "look": (
        ("look", "見る"),
        ("status", "incidents", "history", "why", "logs", "report", "audit"),
    ),
    "act": (("act", "動かす"), ("pause", "ack", "accept", "kick", "stop-gateway", "drill")),
    "set up": (
        ("set up", "設定"),
        ("init", "doctor", "notify-test", "config", "install", "completion"),
    ),
    "more": (("more", "その他"), ("demo", "rehearse", "once", "loop")),
}
# In so few words that each has one line of 80 columns; `COMMANDS` says it longer.
ABOUT = {
    "status": (
        "what is wrong, and what to do (--watch, --json)",
        "何が悪く、何をすべきか（--watch、--json）",
    ),
    "incidents": (
        "what broke, what fixed it; `incidents show`",
        "障害の一覧。1 件の詳細は `incidents show`",
    ),
    "history": ("uptime, and how long recovery took", "稼働率、検知と復旧までの時間"),
    "why": ("the reasons of the last decisions", "最近の判断の理由"),
    "logs": (
        "the log (-f), or the gateway's journal (--gateway)",
        "ログ（-f）、Gateway の journal（--gateway）",
    ),
    "report": ("one incident as Markdown, to send to somebody", "障害 1 件を Markdown にまとめる"),
    "audit": ("who asked for what, and what became of it", "誰が何を要求し、どうなったか"),
    "pause": (
        "recover and tell nothing: `pause 30m`, `resume`",
        "しばらく何もしない: `pause 30m`、再開は `resume`",
    ),
    "ack": (
        "you know about an incident: no more messages",
        "障害を承知した: 以後その通知を送らない",
    ),
    "accept": (
        "you moved something: what is seen now is right",
        "意図して移した: 現在の構成を正とする",
    ),
    "kick": (
        "ask for a recovery, and wait for it (--wait)",
        "復旧や状態を要求し、結果を待つ（--wait）",
    ),
    "stop-gateway": (
        "stop it: `stop-gateway 2h`, then `start-gateway`",
        "止める: `stop-gateway 2h`、再開は `start-gateway`",
    ),
    "drill": ("real faults on this host, measured", "本当に障害を起こし、復旧を測る"),
    "init": (
        "set this host up: asks, checks, installs, tests",
        "このホストを設定する（対話式、--yes）",
    ),
    "doctor": (
        "is everything in place to watch? (--fix)",
        "監視の条件が整っているか（--fix）",
    ),
    "notify-test": ("a message through every channel now", "すべての通知先に今すぐテストを送る"),
    "config": (
        "`config show`, `config check`: the settings",
        "`config show`、`config check`: 設定",
    ),
    "install": ("also: enable, disable, uninstall", "ほかに enable、disable、uninstall"),
    "completion": ("for your shell: bash, zsh, fish", "シェル補完: bash、zsh、fish"),
    "demo": ("a host in a box, broken and recovered", "箱の中のホストを壊し、復旧を見せる"),
    "rehearse": (
        "a night on a pretend host: `rehearse STORY`",
        "架空のホストで一夜を再現: `rehearse 物語`",
    ),
    "once": ("one cycle now", "今すぐ 1 周期"),
    "loop": ("endless cycles, instead of the timer", "タイマーの代わりに周期実行を続ける"),
}
# What stands for a value in the usage, and what it may be.
VALUES = {
    "--color": ("auto", "always", "never"),
    "--language": ("en", "ja"),
    "--channel": ("line", "heartbeat"),
}
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]")
_CHOICES = re.compile(r"(?<![\w|-])[a-z][a-z-]*(?:\|[a-z][a-z-]*)+")


class Command(NamedTuple):
    """One command as it is completed and described."""

    name: str
    about: str
    options: tuple[str, ...]
    words: tuple[str, ...]  # what may stand behind it
    help: str


def groups() -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
    """Each group's name in both languages, and its commands that there are."""
    left = list(COMMANDS)
    for key, (titles, names) in GROUPS.items():
        found = [name for name in names if name in left]
        left = [name for name in left if name not in found]
        if key == "more":
            found += left
        if found:
            yield titles, tuple(found)


def about(name: str, language: str) -> str:
    """What a command does, in a few words."""
    plain = COMMANDS.get(name) or COMMANDS.get(ALSO.get(name, ""), "")
    return ABOUT.get(name, (plain, plain))[1 if language == "ja" else 0]


def names() -> tuple[str, ...]:
    """Every word that may stand first, the ones with a module of another's name too."""
    return (*COMMANDS, *(name for name in ALSO if name not in COMMANDS))


def command(name: str) -> Command:
    """What a command says of itself, taken from its own help."""
    text = help_text(name)
    ours = text.replace("systemctl --user", "")
    options = [each for each in dict.fromkeys(_OPTION.findall(ours)) if each != "--help"]
    return Command(name, about(name, "en"), (*options, "--help"), _words(name, text), text)


def help_text(name: str, language: str = "en", columns: int = 80) -> str:
    """What `COMMAND --help` prints, on a terminal of so many columns."""
    module = import_module(f"picoclaw_watchdog.cli.{module_of(name)}")
    given = [name, "--help"] if is_shared(name) else ["--help"]
    said = io.StringIO()
    spoken = "ja_JP.UTF-8" if language == "ja" else "C.UTF-8"
    with (
        _environment(
            PICOCLAW_WATCHDOG_LANGUAGE=language,
            LC_ALL=spoken,
            COLUMNS=str(columns),
            NO_COLOR="1",
        ),
        redirect_stdout(said),
        redirect_stderr(said),
    ):
        module.main(given)
    return said.getvalue().strip("\n")


def _words(name: str, text: str) -> tuple[str, ...]:
    """The words between which a command's usage lets choose: `config show|check`."""
    if name == "kick":
        from picoclaw_watchdog.kick.requests import VERBS

        return tuple(VERBS)
    usage = text.partition("\n\n")[0]
    behind_options = re.sub(r"--[a-z-]+[ =][a-z-]+(\|[a-z-]+)+", "", usage)
    found = [word for each in _CHOICES.findall(behind_options) for word in each.split("|")]
    return tuple(word for word in dict.fromkeys(found) if word not in names())


@contextmanager
def _environment(**variables: str) -> Iterator[None]:
    """Other variables for a while; the commands read the process's own."""
    before: Mapping[str, str] = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
