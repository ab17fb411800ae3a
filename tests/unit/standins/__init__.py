"""Executables on PATH that answer as they were told, and note what they were asked."""

from pathlib import Path
from shlex import quote

import pytest


class Bin:
    """A folder that is all of PATH."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._notes = folder / ".calls"
        self._notes.write_text("")
        monkeypatch.setenv("PATH", str(folder))

    def program(self, name: str, body: str) -> None:
        """An executable with this shell body; its arguments are noted first."""
        file = self.folder / name
        note = f'printf "%s\\n" "{name} $*" >> {quote(str(self._notes))}'
        file.write_text(f"#!/bin/sh\n{note}\n{body}\n")
        file.chmod(0o755)

    def says(
        self, name: str, out: str = "", err: str = "", code: int = 0, sleep: float = 0
    ) -> None:
        """An executable that answers every call alike."""
        self.program(name, said(out, err, code, sleep))

    def answers(self, name: str, table: dict[str, str]) -> None:
        """An executable that answers by its arguments; others are an error."""
        cases = "\n".join(f"{quote(arguments)}) {body} ;;" for arguments, body in table.items())
        self.program(
            name, f'case "$*" in\n{cases}\n*) echo "not scripted: $*" >&2; exit 99 ;;\nesac'
        )

    def sudo(self, *allowed: str) -> None:
        """A sudo that allows these commands, word for word; what it runs finds AS_ROOT set."""
        words = " | ".join(map(quote, allowed)) or "''"
        refusal = "{ echo 'sudo: a password is required' >&2; exit 1; }"
        self.program(
            "sudo",
            f'[ "$1" = -n ] || exit 98\nshift\nlists=\n'
            f'[ "$1" = -l ] && {{ lists=yes; shift; }}\n'
            f'case "$*" in {words}) ;; *) {refusal} ;; esac\n'
            f'[ -n "$lists" ] && {{ echo "$*"; exit 0; }}\n'
            f'AS_ROOT=1 exec "$@"',
        )

    def calls(self) -> list[str]:
        """What was run so far, with arguments."""
        return self._notes.read_text().splitlines()


def said(out: str = "", err: str = "", code: int = 0, sleep: float = 0) -> str:
    """The shell body of one answer."""
    wait = f"/bin/sleep {sleep}\n" if sleep else ""
    return f"{wait}printf '%s' {quote(out)}\nprintf '%s' {quote(err)} >&2\nexit {code}"
