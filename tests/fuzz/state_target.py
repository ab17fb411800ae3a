"""What must hold for whatever lies in the state folder and its spare in memory.

The first byte chooses the file, the second what the host is like, the others are the file. In
them `{NOW}` stands for the epoch second and `{DB}` for what the snapshot knows the database by. A
file that begins with `{DIR}`, `{FIFO}` or `{LINK}` is one.
"""

import json
import os
import re
import shutil
from collections.abc import Iterator
from functools import cache

from picoclaw_watchdog.core.model import Pause, State
from picoclaw_watchdog.store import founding
from picoclaw_watchdog.store.cache import stamp_of_database
from tests.fuzz import scratch
from tests.fuzz.aftermath import MEMORY, STATE, TIMES, Aftermath, Weather, now, play

FILES = (
    f"{STATE}/{TIMES}",
    f"{STATE}/health_fail_count",
    f"{STATE}/ollama_fail_count",
    f"{STATE}/webhook_fail_count",
    f"{STATE}/alert_gateway.ts",
    f"{STATE}/paused",
    f"{STATE}/status.json",
    f"{MEMORY}/state.json",
    f"{MEMORY}/status.json",
    f"{MEMORY}/mirror.json",
)
SEVERAL, NAMES, KEYS = (len(FILES) + number for number in range(3))
PARTING = b"\n%%\n"

_COUNT = re.compile(rb"[ \t\n\r\f\v]*([0-9]{1,9})[ \t\n\r\f\v]*")
_SPECIAL = (b"{DIR}", b"{FIFO}", b"{LINK}")


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if len(data) < 2:
        return
    kind, weather, content = data[0] % (KEYS + 1), Weather.of(data[1]), data[2:]
    if kind < len(FILES):
        _one(FILES[kind], weather, content)
    elif kind == SEVERAL:
        contents = dict(zip(FILES, content.split(PARTING), strict=False))
        play("state", weather, lambda folder: _put(folder, contents))
    elif kind == NAMES:
        play("state", weather, lambda folder: _strange_names(folder, content))
    else:
        _keys(content)


def _one(name: str, weather: Weather, content: bytes) -> None:
    def meddle(folder: str) -> None:
        if name == f"{MEMORY}/mirror.json":  # read when somebody has removed the state folder
            shutil.rmtree(f"{folder}/{STATE}")
        _put(folder, {name: content})

    after = play("state", weather, meddle)
    special = content.startswith(_SPECIAL)
    told = any(name.rpartition("/")[2] in line for line in after.complaints)
    if name.endswith("_fail_count"):
        good = _COUNT.fullmatch(content)
        assert told == (special or good is None), "garbage counts as absent and is told"
        number = int(good[1]) if good and not special else 0
        assert getattr(after.loaded, name.rpartition("/")[2].replace("_count", "s")) == number
    elif name == f"{STATE}/paused":
        _paused(after, content)
    elif name == f"{STATE}/status.json":
        _snapshot(after, content, told=told)
    elif name.startswith(MEMORY) and special:
        assert told or "mirror" in name


def _paused(after: Aftermath, content: bytes) -> None:
    """Whatever lies there pauses, unless it says clearly that its time is over."""
    paused = after.loaded.paused is not None
    if paused:
        assert after.restarts == 0
        assert after.sent == 0
    else:
        assert not content.startswith(_SPECIAL)
        assert re.search(rb"[0-9]", content), "it ends when somebody said when"


def _snapshot(after: Aftermath, content: bytes, *, told: bool) -> None:
    """The database is asked, whatever lies there, unless it is what a cycle left there."""
    if b"{DB}" not in content:
        known, base = after.loaded, _baseline()
        for field in ("incidents", "outbox", "attempts"):  # their times may lie in the future
            found = [each.id for each in getattr(known, field)]
            assert found == [each.id for each in getattr(base, field)]
    try:
        garbage = not isinstance(json.loads(_filled(content, "")), dict)
    except (ValueError, RecursionError):
        garbage = True
    assert told or not garbage or content.startswith(_SPECIAL)


@cache
def _baseline() -> State:
    return play("baseline", Weather(), lambda _: None).loaded


def _strange_names(folder: str, content: bytes) -> None:
    for name in content.split(b"\0"):
        if name and b"/" not in name and name not in (b".", b"..") and len(name) < 200:
            path = os.path.join(os.fsencode(f"{folder}/{STATE}"), name)
            if not os.path.lexists(path):
                with open(path, "wb") as file:
                    file.write(b"1700000000\n")


def _keys(content: bytes) -> None:
    """Alert keys become file names and come back; a pause comes back as it was written."""
    key = content.decode("utf-8", "replace")
    name = founding.alert_file(key)
    assert re.fullmatch(r"alert_[A-Za-z0-9_%;-]*\.ts", name)
    found = re.fullmatch(r"alert_(.+)\.ts", name)
    assert (founding._key(found[1]) if found else "") == key
    until, _, words = key.partition("\n")
    who, _, why = words.partition("\n")
    try:
        end = float(until)
    except ValueError:
        end = float("inf")
    known = end if abs(end) < float("inf") else None
    pause = Pause(known, who=" ".join(who.split()), why=" ".join(why.split()))
    folder = scratch.folder("pause")
    founding.write_pause(folder, pause)
    assert founding.Reader(folder).read().pause == pause
    founding.write_pause(folder, None)
    assert founding.Reader(folder).read().pause is None


def _put(folder: str, contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        path = f"{folder}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if os.path.lexists(path):
            os.unlink(path)
        if content.startswith(b"{DIR}"):
            os.mkdir(path)
        elif content.startswith(b"{FIFO}"):
            os.mkfifo(path)
        elif content.startswith(b"{LINK}"):
            os.symlink("/dev/zero", path)
        else:
            scratch.put(folder, {name: _filled(content, folder)})


def _filled(content: bytes, folder: str) -> bytes:
    stamp = stamp_of_database(f"{folder}/{STATE}") if folder else None
    known = json.dumps(stamp).encode()
    return content.replace(b"{NOW}", str(int(now())).encode()).replace(b"{DB}", known)


def seeds() -> Iterator[tuple[str, bytes]]:
    """One input for each way through the code."""
    yield from _of_founding()
    yield from _of_json()
    several = (b"{NOW}\n{NOW}\n", b"2", b"x", b"1", b"{NOW}", b"", b"[]")
    yield "several", bytes((SEVERAL, 1)) + PARTING.join(several)
    names = (b"alert_%41;.ts", b"alert_%ffffff;.ts", b"alert_\xff.ts", b".x.1.tmp", b"alert_a\n.ts")
    yield "names", bytes((NAMES, 0)) + b"\0".join(names)
    for number, key in enumerate(
        ("gateway", "line:U/1 あ", "%41;", "1800000000\nken\nwork", "nan\n\n")
    ):
        yield f"key-{number}", bytes((KEYS, 0)) + key.encode()


def _of_founding() -> Iterator[tuple[str, bytes]]:
    times = {
        "none": b"",
        "one": b"{NOW}\n",
        "three": b"{NOW}\n{NOW}\n{NOW}\n",
        "two-and-garbage": b"{NOW}\nx\n{NOW}.5 \r\n",
        "future": b"99999999999\n" * 2,
        "old": b"1600000000\n",
        "unended": b"{NOW}\n{NOW}",
        "too-many-digits": b"123456789012\n",
        "bytes": b"\xff\0\n{NOW}\n",
        "dir": b"{DIR}",
        "fifo": b"{FIFO}",
        "link": b"{LINK}",
    }
    for name, content in times.items():
        yield f"times-{name}", bytes((0, 1)) + content
    for name, content in {
        "two": b"2",
        "minus": b"-1",
        "words": b"many\n",
        "none": b"",
        "line": b" 3\n\n",
        "dir": b"{DIR}",
        "wide": b"\xef\xbc\x92",
        "large": b"1234567890",
    }.items():
        yield f"health-{name}", bytes((1, 1)) + content
        yield f"ollama-{name}", bytes((2, 0)) + content
    for name, content in {
        "now": b"{NOW}",
        "words": b"just now",
        "future": b"9999999999",
        "dir": b"{DIR}",
    }.items():
        yield f"told-{name}", bytes((4, 1)) + content
    pauses = {
        "touched": b"",
        "over": b"1\nken\n",
        "for-ever": b"forever\nken\nwork\n",
        "later": b"9999999999\nken\nwork\n",
        "why": b"I am at it\n",
        "json": b'{"until": 9999999999, "who": "ken", "why": "x"}',
        "json-over": b'{"until": "5"}',
        "json-cut": b'{"until": 5',
        "nan": b"nan",
        "minus": b"-inf",
        "bytes": b"\xff\xfe",
        "dir": b"{DIR}",
        "fifo": b"{FIFO}",
    }
    for name, content in pauses.items():
        yield f"paused-{name}", bytes((5, 1)) + content


def _of_json() -> Iterator[tuple[str, bytes]]:
    moment = {"wall": 1700000000.0, "boot": 10000.0, "awake": 10000.0, "boot_id": "boot-1"}
    attempt = {"id": "a", "action": "restart_gateway", "at": moment, "phase": "intended"}
    state = {"attempts": [attempt], "last_cycle": moment, "quota_left": 7}
    packed = json.dumps(state)
    head = b'{"at": 1700010000.0, "targets": {"gateway": "good"}, "decisions": [7], "store": '
    hours = b'"hours": {"472222": {"gateway": [1, 2, 3]}}'
    private = b'{"database": {DB}, "seq": 9, "state": ' + packed.encode() + b", " + hours + b"}"
    whole = head + private + b"}"
    spare = b'{"seq": 99, "state": ' + packed.encode() + b"}"
    texts = {
        "whole": whole,
        "unbelieved": whole.replace(b"{DB}", b"[1, 2, 3]"),
        "no-state": head + b'{"database": {DB}, "seq": 9, "state": null}}',
        "list": b"[]",
        "cut": whole[:90],
        "deep": b"[" * 2000,
        "endless-count": whole.replace(b"[1, 2, 3]", b"[1e999, 0, 0]"),
        "huge-count": whole.replace(b"[1, 2, 3]", b"[99999999999999999999, 0, 0]"),
        "strange-hours": whole.replace(hours, b'"hours": {"x": 7}'),
        "far-hours": whole.replace(b"472222", b"99999999999999999999"),
        "nan": whole.replace(b"1700000000.0", b"NaN"),
        "absurd-moment": whole.replace(b"1700000000.0", b"1e300"),
        "wrong-type": whole.replace(b'"restart_gateway"', b"[]"),
        "private-list": head + b"[]}",
        "bytes": whole.replace(b"boot-1", b"\xff"),
        "dir": b"{DIR}",
        "fifo": b"{FIFO}",
    }
    for name, text in texts.items():
        yield f"snapshot-{name}", bytes((6, 1)) + text
        yield f"spare-snapshot-{name}", bytes((8, 1)) + text
    for name, text in {
        "whole": spare,
        "older": spare.replace(b"99", b"0"),
        "true": spare.replace(b"99", b"true"),
        "absurd": spare.replace(b"1700000000.0", b"-1e300"),
        "cut": spare[:70],
        "list": b"[]",
        "dir": b"{DIR}",
    }.items():
        yield f"spare-{name}", bytes((7, 1)) + text
        yield f"mirror-{name}", bytes((9, 1)) + text
