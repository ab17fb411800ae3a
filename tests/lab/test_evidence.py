"""What a gateway writes that is no plain text, by way of a real journald, into the evidence."""

import pytest

from tests.lab.host import STANDINS
from tests.lab.lab import ROOT, Lab

pytestmark = [pytest.mark.lab, pytest.mark.timeout(120)]

UNIT = "noisy.service"
TOKEN = "aToken/that+is=ours0123456789"
# journald asks /proc whose line it is, so what says it has to live a little longer.
NOISE = rf"""#!/bin/sh
printf '✔ listening on port 18790\n'
printf '🦀 assistant, 助手 の 起動 — done\n'
printf '\033[1;33mWARN\033[0m reply > \033[4mrefused\033[0m\n'
printf 'status line with a return: 502 Bad Gateway\r\n'
printf 'th\351 au lait, in latin-1\n'
printf 'half a sign: \343\201\n'
printf 'fetch 5%%\rfetch 50%%\rfetch 100%%\n'
printf 'a nul\000inside\n'
printf 'a bell\007 and a title\033]0;gotcha\007 end\n'
printf 'pushing with %s\n' '{TOKEN.replace("/", "%2F")}'
printf 'long %020000d and its end\n' 7
printf '\377\376\375\n'
printf 'the last words\n'
exec sleep 60
"""
CAPTURE = f"""
import os
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.wiring import build
from picoclaw_watchdog.recoveries.evidence import capture
state = os.environ["HOME"] + "/state"
settings = Settings(gateway_service="{UNIT}", line_channel_access_token="{TOKEN}",
    local_timeout_sec=20, state_dir=state, log_file=state + "/log")
print(open(capture(settings, build(settings, os.environ)), encoding="utf-8").read())
"""


def captured(lab: Lab) -> str:
    lab.copy(ROOT / "src", f"{STANDINS}/src")
    lab.write("~/noise.sh", NOISE, 0o755)
    lab.write(f"~/.config/systemd/user/{UNIT}", "[Service]\nExecStart=%h/noise.sh\n")
    lab.systemctl("daemon-reload")
    lab.systemctl("start", UNIT)
    last = ("journalctl", "--user", "-u", UNIT, "-n", "5", "-o", "json", "--no-pager")
    lab.wait_for(lambda: "the last words" in lab.must(*last))
    paths = {"PYTHONPATH": f"{STANDINS}/src", "PYTHONIOENCODING": "utf-8"}
    return lab.must(lab.python, "-c", CAPTURE, env=paths)


def test_every_line_is_kept_as_text_with_its_time(lab: Lab) -> None:
    text = captured(lab)
    assert "blob data" not in text
    for words in (
        "✔ listening on port 18790",
        "🦀 assistant, 助手 の 起動 — done",
        "WARN reply > refused",
        "502 Bad Gateway",
        "th\\xe9 au lait, in latin-1",
        "half a sign: \\xe3\\x81",
        "fetch 100%",
        "inside",
        "and a title end",
        "\\xff\\xfe\\xfd",
        "the last words",
    ):
        assert f"{words}\n" in text, words
    assert "long " + "0" * 10_000 in text
    assert TOKEN not in text
    assert TOKEN.replace("/", "%2F") not in text
    assert "pushing with ***" in text
    assert "gotcha" not in text
    assert all(line.isprintable() for line in text.split("\n"))
    kept = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert all(line[:2] == "20" and line[10] == "T" for line in kept)
    assert kept.index(next(line for line in kept if "listening" in line)) < len(kept) - 3
