"""What `once` prints of what it logs, where nobody looks at a terminal."""

import io
import sys

import pytest

from picoclaw_watchdog.cli.log_lines import LinePrinter

LINE = '[2026-02-20 09:15:00 JST] level=INFO target=x result=OK action=y detail="故障"'


def test_a_pipe_gets_the_line_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    LinePrinter().echo(LINE)
    assert capsys.readouterr().out == f"{LINE}\n"


def test_closed_and_narrow_streams_are_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    closed = io.StringIO()
    closed.close()
    for stream in (narrow, closed, None):
        monkeypatch.setattr(sys, "stdout", stream)
        LinePrinter().echo(LINE)
    narrow.seek(0)
    assert "\\u6545" in narrow.read()
