"""Talking with the owner: on a terminal, through a pipe, or not at all."""

import sys
from collections.abc import Callable

from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.terminal.paint import Sign, Style, Terminal, show, write

INDENT = 2


class NobodyThere(Exception):  # noqa: N818  # no error of ours: the input has ended
    """A question had to be asked and there is no more input."""


class Talk:
    """Prints sentences and asks questions.

    Args:
        language: en or ja.
        on: the terminal.
        hide: of the text given, whatever must not be shown.
    """

    def __init__(self, language: str, on: Terminal, hide: Callable[[str], str]) -> None:
        self.language = language
        self._on = on
        self._hide = hide

    def title(self, text: Text, **facts: object) -> None:
        """A heading."""
        self._print(["", *self._on.text(text.say(self.language, **facts), Style.HEAD)])

    def say(self, text: Text, **facts: object) -> None:
        """A paragraph."""
        self._print(self._on.text(text.say(self.language, **facts)))

    def good(self, text: Text, **facts: object) -> None:
        """Something that was found or done."""
        self._marked(Sign.GOOD, Style.GOOD, text.say(self.language, **facts))

    def bad(self, text: Text, **facts: object) -> None:
        """Something that is not as it should be."""
        self._marked(Sign.BAD, Style.BAD, text.say(self.language, **facts))

    def command(self, words: str) -> None:
        """A command to be copied: the terminal itself breaks it, without harm."""
        self._print([" " * INDENT + self._on.paint(f"$ {words}", Style.COMMAND)])

    def warn(self, said: str) -> None:
        """Something to know, in words that are not ours."""
        self._marked(Sign.WARN, Style.WARN, said)

    def ask(self, text: Text, default: str = "", **facts: object) -> str:
        """A question; Enter alone answers the default.

        Raises:
            NobodyThere: the input has ended.
        """
        self._prompt(text, default, facts)
        return _line() or default

    def secret(self, text: Text) -> str:
        """A question whose answer is not shown while it is typed.

        Raises:
            NobodyThere: the input has ended.
        """
        if not sys.stdin.isatty():
            self._prompt(text, "", {})
            return _line()
        import termios

        descriptor = sys.stdin.fileno()
        before = termios.tcgetattr(descriptor)
        silent = termios.tcgetattr(descriptor)
        silent[3] &= ~termios.ECHO
        try:
            # Silent before the question is seen: who is quick must neither be shown nor lost.
            termios.tcsetattr(descriptor, termios.TCSAFLUSH, silent)
            self._prompt(text, "", {})
            return _line()
        finally:
            termios.tcsetattr(descriptor, termios.TCSADRAIN, before)
            _end_line()  # the owner's own was not shown

    def _prompt(self, text: Text, default: str, facts: dict[str, object]) -> None:
        said = text.say(self.language, **facts)
        lines = self._on.text(f"{said}{f' [{default}]' if default else ''}:", Style.HEAD)
        self._print(lines[:-1])
        write(sys.stdout, self._hide(f"{lines[-1]} "))

    def _marked(self, sign: Sign, style: Style, text: str) -> None:
        head = f"{self._on.paint(self._on.sign(sign), style)} "
        self._print(self._on.text(text, indent=INDENT, first=head))

    def _print(self, lines: list[str]) -> None:
        show(sys.stdout, [self._hide(line) for line in lines])


def _line() -> str:
    line = sys.stdin.readline()
    if line and not sys.stdin.isatty():
        _end_line()  # nobody's Enter was shown
    if not line:
        _end_line()
        raise NobodyThere
    return line.strip()


def _end_line() -> None:
    sys.stdout.write("\n")
    sys.stdout.flush()
