"""A screen that is drawn again and again until the owner has seen enough."""

import os
import select
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO

from picoclaw_watchdog.terminal.paint import gated

_ENTER = "\033[?1049h\033[?25l"  # the other screen, without a cursor (xterm's ctlseqs)
_LEAVE = "\033[?25h\033[?1049l"
_HOME, _END_OF_LINE, _END_OF_SCREEN = "\033[H", "\033[K", "\033[J"
_ENDINGS = (signal.SIGTERM, signal.SIGHUP)

LOOK_EVERY = 0.25  # seconds between two questions whether anything has changed


class _Ended(Exception):  # noqa: N818  # no error: somebody asked us to end
    """A signal asks us to end; says which."""


def watch(
    stream: TextIO,
    frame: Callable[[], Sequence[str]],
    changed: Callable[[], object],
    period: float,
    elapsed: Callable[[], float],
) -> int:
    """Show a frame until Ctrl-C.

    It is drawn again when something changed, when the window did, and in any case every `period`
    seconds. Whatever ends it, the terminal is as it was before.

    Args:
        stream: a terminal.
        frame: the lines of the screen, as many as fit; asked for every time.
        changed: answers another value when the frame should be drawn at once.
        period: seconds.
        elapsed: a clock that only goes forward, in seconds.

    Returns:
        The exit status: 0 after Ctrl-C, 128 and the signal's number after another one.
    """
    with _wake_up() as woken:
        try:
            with _other_screen(stream):
                while True:
                    seen, drawn = changed(), elapsed()
                    _draw(stream, frame())
                    while changed() == seen and elapsed() - drawn < period:
                        signals = _sleep(woken, min(LOOK_EVERY, period))
                        if signal.SIGTSTP in signals:
                            _suspend(stream)
                        if signals:
                            break
        except KeyboardInterrupt:
            return 0
        except _Ended as ended:
            return 128 + int(str(ended))


def _draw(stream: TextIO, lines: Sequence[str]) -> None:
    """In one write, over what is there: nothing flickers."""
    body = (_END_OF_LINE + "\n").join(map(gated, lines))
    stream.write(_HOME)
    _write(stream, body + _END_OF_LINE + _END_OF_SCREEN)


def _write(stream: TextIO, text: str) -> None:
    known = stream.encoding or "utf-8"
    stream.write(text.encode(known, "replace").decode(known))
    stream.flush()


def _sleep(woken: int, seconds: float) -> bytes:
    """Wait; answers the numbers of the signals that woke us."""
    readable, _, _ = select.select([woken], [], [], seconds)
    return os.read(woken, 4096) if readable else b""


def _suspend(stream: TextIO) -> None:
    """Ctrl-Z: stop until SIGCONT, with the terminal as it was before."""
    _write(stream, _LEAVE)
    handler = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, handler)
    _write(stream, _ENTER)


@contextmanager
def _other_screen(stream: TextIO) -> Iterator[None]:
    """The terminal's second screen; the first one comes back untouched."""
    _write(stream, _ENTER)
    try:
        yield
    finally:
        with suppress(OSError, ValueError):
            _write(stream, _LEAVE)


@contextmanager
def _wake_up() -> Iterator[int]:
    """A descriptor that is readable after a signal, and signals that end us in good order."""

    def end(number: int, _: FrameType | None) -> None:
        raise _Ended(str(number))

    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = {number: signal.signal(number, end) for number in _ENDINGS}
    for number in (signal.SIGWINCH, signal.SIGTSTP):  # what they ask for is done in good order
        before[number] = signal.signal(number, lambda *_: None)
    was = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    try:
        yield reader
    finally:
        signal.set_wakeup_fd(was)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reader)
        os.close(writer)
