"""What must hold for whatever `watchdog.db` has become; `check` takes the fuzzer's bytes.

The first byte chooses what was done to it, the second what the host is like, the others how.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from picoclaw_watchdog.store.rows import LISTS
from tests.fuzz.aftermath import STATE, Aftermath, Weather, past, play

WHOLE, PATCHED, CUT, BESIDE, BODY, FACT = range(6)
DATABASE = "watchdog.db"
MAGIC = b"SQLite format 3\0"


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if len(data) < 2:
        return
    kinds = (_whole, _patched, _cut, _beside, _body, _fact)
    kinds[data[0] % len(kinds)](Weather.of(data[1]), data[2:])


def _whole(weather: Weather, content: bytes) -> None:
    """Another file in its place."""
    after = _written(weather, content)
    if len(content) < 2:
        assert any("is empty" in line for line in after.complaints)
    elif not content.startswith(MAGIC):
        assert any("set aside" in line for line in after.complaints)
        assert list(_folder(after.folder).glob(f"{DATABASE}.corrupt-*"))
        assert weather.only_read or _is_whole(after.folder)


def _patched(weather: Weather, content: bytes) -> None:
    """Some bytes replaced: two say where, one how many follow."""
    changed = bytearray(_good())
    while len(content) > 2:
        size = content[2] % 9
        at = int.from_bytes(content[:2]) % len(changed)
        piece = content[3 : 3 + size]
        changed[at : at + len(piece)] = piece
        content = content[3 + size :]
    after = _written(weather, bytes(changed))
    if changed == _good():
        assert not after.complaints
        assert after.loaded.incidents, "it was read"


def _cut(weather: Weather, content: bytes) -> None:
    """Its end is missing."""
    good = _good()
    _written(weather, good[: int.from_bytes(content[:2]) % len(good)])


def _beside(weather: Weather, content: bytes) -> None:
    """Rubbish where SQLite keeps its write-ahead log."""
    play("database", weather, lambda folder: _put(folder, f"{DATABASE}-wal", content))


def _body(weather: Weather, content: bytes) -> None:
    """A row that holds something else: it is passed over, told once, and the others stay."""
    if not content:
        return
    table, raw = LISTS[content[0] % len(LISTS)], content[1:]
    text = raw.decode("utf-8", "surrogateescape")
    known = _valid(text)

    def meddle(folder: str) -> None:
        # As bytes that are no text, where that is what they are.
        value: object = text if text.isprintable() else raw
        row = (f"x{content[0]}", value, None)
        put = f"INSERT INTO {table} VALUES (?, 1, 99, 0.0, CAST(? AS TEXT), ?)"  # noqa: S608
        _execute(folder, put, row)

    after = play("database", weather, meddle)
    assert after.loaded.incidents or any("set aside" in line for line in after.complaints)
    assert known or any(DATABASE in line for line in after.complaints), "passed over, not told"


def _fact(weather: Weather, content: bytes) -> None:
    """One field of the state that holds something else."""
    name, _, text = content.decode("utf-8", "replace").partition("\0")
    put = "INSERT OR REPLACE INTO facts VALUES (?, ?)"
    after = play("database", weather, lambda folder: _execute(folder, put, (name, text)))
    assert after.loaded.incidents


def _valid(text: str) -> bool:
    """Whether it could be JSON, in which case there may be nothing to complain of."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _written(weather: Weather, content: bytes) -> Aftermath:
    return play("database", weather, lambda folder: _put(folder, DATABASE, content))


def _put(folder: str, name: str, content: bytes) -> None:
    (_folder(folder) / name).write_bytes(content)


def _execute(folder: str, statement: str, values: tuple[object, ...]) -> None:
    with closing(sqlite3.connect(_folder(folder) / DATABASE)) as db, db:
        db.execute(statement, values)


def _folder(folder: str) -> Path:
    return Path(folder, STATE)


def _good() -> bytes:
    return (_folder(past()[0]) / DATABASE).read_bytes()


def _is_whole(folder: str) -> bool:
    with closing(sqlite3.connect(_folder(folder) / DATABASE)) as db:
        found: str = db.execute("PRAGMA integrity_check").fetchone()[0]
        return found == "ok"


def seeds() -> Iterator[tuple[str, bytes]]:
    """One input for each way through the code."""
    yield "whole-empty", bytes((WHOLE, 1))
    yield "whole-one-byte", bytes((WHOLE, 1)) + b"x"
    yield "whole-rubbish", bytes((WHOLE, 1)) + b"no database at all" * 9
    yield "whole-head", bytes((WHOLE, 0)) + MAGIC + b"\x10\0\1\1\0\x40\x20\x20" + b"\0" * 84
    yield "patched-nothing", bytes((PATCHED, 1))
    for number, at in enumerate((16, 18, 24, 44, 60, 92, 100, 105, 4096, 4097, 8192, 12_300)):
        patch = at.to_bytes(2) + b"\4\xff\0\xff\1"
        yield f"patched-{number}", bytes((PATCHED, number % 4)) + patch
    for number, size in enumerate((0, 1, 99, 100, 512, 4095, 4096, 9000)):
        yield f"cut-{number}", bytes((CUT, 1)) + size.to_bytes(2)
    yield "wal", bytes((BESIDE, 1)) + b"\x37\x7f\x06\x82" + b"\0" * 28
    yield "wal-rubbish", bytes((BESIDE, 1)) + b"x" * 200
    yield from _rows()
    for name in ("quota_left", "last_cycle", "parcel", "rare_looks", "seq", "pruned", "unheard-of"):
        for number, text in enumerate((b"7", b"null", b'{"a": 1e999}', b'"x"', b"[[1]]", b"")):
            yield f"fact-{name}-{number}", bytes((FACT, 1)) + name.encode() + b"\0" + text
    yield "fact-seq-huge", bytes((FACT, 1)) + b"seq\0" + b"9" * 4000
    yield "fact-seq-endless", bytes((FACT, 1)) + b"seq\0" + b"9" * 5000
    yield "fact-seq-minus", bytes((FACT, 1)) + b"seq\0-5"


def _rows() -> Iterator[tuple[str, bytes]]:
    at = {"wall": 1700010000.0, "boot": 259200.0, "awake": 259200.0, "boot_id": "boot-1"}
    values: tuple[dict[str, object], ...] = (
        {"id": "x", "target": "gateway", "cause": "service_down", "opened": at},
        {"id": "x", "action": "recover_funnel", "at": at, "phase": "intended"},
        {"id": "x", "key": "x", "topic": "health_failing", "gravity": "critical", "made": at},
    )
    for number, value in enumerate(values):
        row = json.dumps(value).encode()
        yield f"body-{number}", bytes((BODY, 1, number)) + row
        yield f"body-absurd-{number}", bytes((BODY, 1, number)) + row.replace(b"17000", b"-1e30")
        yield f"body-cut-{number}", bytes((BODY, 0, number)) + row[:40]
        yield f"body-bytes-{number}", bytes((BODY, 0, number)) + b"\xff\0\xfe"
        yield f"body-deep-{number}", bytes((BODY, 0, number)) + b"[" * 2000
