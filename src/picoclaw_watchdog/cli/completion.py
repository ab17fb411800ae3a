"""`picoclaw-watchdog completion`: what a shell needs to complete our commands and options."""

import re
from collections.abc import Callable

from picoclaw_watchdog.cli.arguments import Known, misused, typed_for
from picoclaw_watchdog.cli.commands import PROGRAM, VALUES, Command, command, names
from picoclaw_watchdog.cli.helping import Help

KNOWN = Known(words=1)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog completion bash|zsh|fish",
        about="Prints what the shell needs to complete commands and options. `install` puts it "
        "where bash and fish look; for zsh, see the second example.",
        statuses=(("0", "printed"), ("2", "wrong usage or settings")),
        examples=(
            'eval "$(picoclaw-watchdog completion bash)"',
            "picoclaw-watchdog completion zsh > ~/.zfunc/_picoclaw-watchdog",
        ),
    ),
    "ja": Help(
        usage="picoclaw-watchdog completion bash|zsh|fish",
        about="コマンドとオプションを補完するためのスクリプトを表示します。bash と fish の分は "
        "install が所定の場所に置きます。zsh は 2 つ目の例をご覧ください。",
        statuses=(("0", "表示した"), ("2", "使い方か設定の誤り")),
        examples=(
            'eval "$(picoclaw-watchdog completion bash)"',
            "picoclaw-watchdog completion zsh > ~/.zfunc/_picoclaw-watchdog",
        ),
    ),
}
_WHICH = {"en": "which shell? bash, zsh or fish", "ja": "シェルを指定してください: bash、zsh、fish"}


def main(arguments: list[str]) -> int:
    """Print the script for one shell."""
    asked = typed_for("completion", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    settings, typed = asked
    make = SHELLS.get(typed.words[0]) if typed.words else None
    if make is None:
        return misused("completion", _WHICH[settings.language], HELP, settings.language)
    print(make(), end="")
    return 0


def bash() -> str:
    """For bash 3.2 and newer, with or without the bash-completion package."""
    lines = [
        f"# Completion of {PROGRAM} for bash; made by `{PROGRAM} completion bash`.",
        "_picoclaw_watchdog() {",
        "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words=",
        "    COMPREPLY=()",
        '    if [ "$COMP_CWORD" -eq 1 ]; then',
        f'        words="{" ".join((*names(), "--help", "--version"))}"',
        "    else",
        '        case "$prev" in',
        *(f'            {name}) words="{" ".join(each)}" ;;' for name, each in VALUES.items()),
        "        esac",
        '        [ -n "$words" ] || case "${COMP_WORDS[1]}" in',
        *(f'            {each.name}) words="{_all(each)}" ;;' for each in _commands()),
        "        esac",
        "    fi",
        '    COMPREPLY=($(compgen -W "$words" -- "$cur"))',
        "}",
        f"complete -o default -F _picoclaw_watchdog {PROGRAM}",
    ]
    return "\n".join(lines) + "\n"


def zsh() -> str:
    """For zsh, as a file of a folder in `fpath`."""
    lines = [
        f"#compdef {PROGRAM}",
        f"# Made by `{PROGRAM} completion zsh`.",
        "_picoclaw_watchdog() {",
        "    if (( CURRENT == 2 )); then",
        "        local -a commands=(",
        *(f"            {_quoted(f'{each.name}:{each.about}')}" for each in _commands()),
        "        )",
        "        _describe command commands",
        "        return",
        "    fi",
        '    case "$words[CURRENT-1]" in',
        *(
            f"        {name}) compadd -- {' '.join(each)}; return ;;"
            for name, each in VALUES.items()
        ),
        "    esac",
        '    case "$words[2]" in',
        *(f"        {each.name}) compadd -- {_all(each)} ;;" for each in _commands()),
        "    esac",
        "    _files",
        "}",
        # Both as an autoloaded file and where it is sourced.
        'if [ "$funcstack[1]" = "_picoclaw-watchdog" ]; then',
        '    _picoclaw_watchdog "$@"',
        "else",
        f"    compdef _picoclaw_watchdog {PROGRAM}",
        "fi",
    ]
    return "\n".join(lines) + "\n"


def fish() -> str:
    """For fish."""
    head = f"complete -c {PROGRAM}"
    lines = [f"# Completion of {PROGRAM} for fish; made by `{PROGRAM} completion fish`."]
    for each in _commands():
        what = _quoted(each.about)
        lines.append(f"{head} -n __fish_use_subcommand -f -a {each.name} -d {what}")
        inside = f"{head} -n '__fish_seen_subcommand_from {each.name}'"
        if each.words:
            lines.append(f"{inside} -a '{' '.join(each.words)}'")
        for option in each.options:
            values = VALUES.get(option, ())
            more = f" -x -a '{' '.join(values)}'" if values else ""
            lines.append(f"{inside} -l {option.removeprefix('--')}{more}")
    return "\n".join(lines) + "\n"


SHELLS: dict[str, Callable[[], str]] = {"bash": bash, "zsh": zsh, "fish": fish}


def _commands() -> list[Command]:
    return [command(name) for name in names()]


def _all(each: Command) -> str:
    return " ".join((*each.words, *each.options))


def _quoted(text: str) -> str:
    """In single quotes, for zsh and fish alike."""
    return "'" + re.sub(r"[\\'`]", "", text) + "'"
