import json
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.kick import audit
from picoclaw_watchdog.kick.audit import ACCEPTED, REFUSED, SERVED, Audit, Event

T0 = 1_700_000_000.0


def event(name: str = "a", what: str = SERVED, **more: str) -> Event:
    return Event(T0, name, "line:U1", "status", what, **more)  # type: ignore[arg-type]


def written(folder: Path, number: int = 5) -> Path:
    for each in range(number):
        Audit(str(folder)).append([event(f"r{each}")])
    return folder / audit.NAME


def names(folder: Path) -> list[str]:
    return [line.event.id for line in audit.lines(str(folder))]


def said(folder: Path) -> list[str]:
    return [problem.say("en") for problem in audit.verify(str(folder))]


def test_every_line_follows_the_one_before(tmp_path: Path) -> None:
    log = written(tmp_path)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["n"] for line in lines] == [1, 2, 3, 4, 5]
    assert [line["prev"] for line in lines] == [audit.GENESIS, *(x["hash"] for x in lines[:-1])]
    assert tuple(lines[0]) == ("n", *Event._fields, "prev", "hash")
    assert log.stat().st_mode & 0o777 == 0o600
    assert audit.verify(str(tmp_path)) == []


def test_no_log_at_all_is_intact(tmp_path: Path) -> None:
    assert audit.verify(str(tmp_path)) == []
    Audit(str(tmp_path / "folder")).append([])
    assert not (tmp_path / "folder").exists()


@pytest.mark.parametrize("number", range(5))
def test_a_line_that_was_removed_is_missed(tmp_path: Path, number: int) -> None:
    log = written(tmp_path)
    lines = log.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:number] + lines[number + 1 :]))
    assert audit.verify(str(tmp_path))


def test_a_tail_or_all_that_was_cut_off_is_missed_also_after_the_next_line(tmp_path: Path) -> None:
    log = written(tmp_path)
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:3]))
    assert said(tmp_path) == ["audit.log: lines 4 to 5 are cut off"]
    Audit(str(tmp_path)).append([event("later")])
    assert audit.verify(str(tmp_path))
    log.unlink()
    assert audit.verify(str(tmp_path))
    Audit(str(tmp_path)).append([event("later")])
    assert audit.verify(str(tmp_path))
    assert names(tmp_path)[-1] == "later"


def test_a_log_rewritten_and_lengthened_is_missed_also_after_the_next_line(tmp_path: Path) -> None:
    log = written(tmp_path, 3)
    forged = tmp_path / "forged"
    for each in range(5):
        Audit(str(forged)).append([event(f"x{each}")])
    log.write_bytes((forged / audit.NAME).read_bytes())
    assert audit.verify(str(tmp_path))
    Audit(str(tmp_path)).append([event("later")])
    assert audit.verify(str(tmp_path))


@pytest.mark.parametrize("number", [0, -3])
def test_a_head_that_was_forged_is_missed_also_after_the_next_line(
    tmp_path: Path, number: int
) -> None:
    written(tmp_path)
    (tmp_path / audit.HEAD).write_text(f'{{"n":{number},"hash":"x","first":1}}')
    assert audit.verify(str(tmp_path))
    Audit(str(tmp_path)).append([event("later")])
    assert said(tmp_path) == ["audit.log:6: audit.head was gone"]


def test_a_head_that_was_removed_is_missed_also_after_the_next_line(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / audit.HEAD).unlink()
    assert audit.verify(str(tmp_path))
    Audit(str(tmp_path)).append([event("later")])
    assert said(tmp_path) == ["audit.log:6: audit.head was gone"]


@settings(max_examples=200)
@given(place=st.integers(0, 2000), byte=st.integers(0, 255))
def test_a_byte_that_was_changed_is_found(
    tmp_path_factory: pytest.TempPathFactory, place: int, byte: int
) -> None:
    folder = tmp_path_factory.mktemp("audit")
    log = written(folder, 3)
    content = bytearray(log.read_bytes())
    place %= len(content)
    if content[place] == byte:
        byte ^= 1
    content[place] = byte
    log.write_bytes(content)
    assert audit.verify(str(folder))


@settings(max_examples=200)
@given(log=st.binary(max_size=300), head=st.binary(max_size=60) | st.none())
def test_any_bytes_in_its_place_are_borne_and_written_behind(
    tmp_path_factory: pytest.TempPathFactory, log: bytes, head: bytes | None
) -> None:
    folder = tmp_path_factory.mktemp("audit")
    (folder / audit.NAME).write_bytes(log)
    if head is not None:
        (folder / audit.HEAD).write_bytes(head)
    audit.verify(str(folder))
    one = Audit(str(folder))
    assert one.nonces() == {}
    one.append([event("good")])
    assert names(folder)[-1:] == ["good"]
    assert one.known({"good"}) == {"good": SERVED}


def test_a_torn_line_is_closed_by_the_next_writer(tmp_path: Path) -> None:
    log = written(tmp_path, 2)
    with log.open("ab") as file:
        file.write(b'{"n":3,"at":17')
    assert audit.verify(str(tmp_path)) == []
    Audit(str(tmp_path)).append([event("next")])
    assert audit.verify(str(tmp_path)) == []
    kinds = [line.event.event for line in audit.lines(str(tmp_path))]
    assert kinds == [SERVED, SERVED, "torn", SERVED]
    content = log.read_bytes()
    log.write_bytes(content.replace(b'"at":17\n', b'"at":18\n'))
    assert audit.verify(str(tmp_path))


def test_the_chain_goes_on_through_rotation_and_what_is_forgotten_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MAX_BYTES", 2000)
    for number in range(100):
        Audit(str(tmp_path)).append([event(f"r{number}")])
        assert audit.verify(str(tmp_path)) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        [audit.NAME, audit.HEAD, *(f"{audit.NAME}.{number}" for number in range(1, 6))]
    )
    assert names(tmp_path)[-1] == "r99"
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 6 * 3000
    oldest = tmp_path / f"{audit.NAME}.5"
    oldest.write_bytes(b"".join(oldest.read_bytes().splitlines(keepends=True)[1:]))
    assert audit.verify(str(tmp_path))
    oldest.unlink()
    assert audit.verify(str(tmp_path))


def test_a_nonce_is_remembered_with_its_request(tmp_path: Path) -> None:
    one = Audit(str(tmp_path))
    one.append([event("a", ACCEPTED, detail="nonce=" + "1" * 32), event("b", REFUSED)])
    assert one.nonces() == {"1" * 32: "a"}


def test_how_far_a_request_has_come_is_its_last_step(tmp_path: Path) -> None:
    one = Audit(str(tmp_path))
    one.append([event("a", ACCEPTED), event("b", ACCEPTED), event("c", REFUSED)])
    one.append([event("b", SERVED), event("a", REFUSED)])
    known = {"a": ACCEPTED, "b": SERVED, "c": REFUSED}
    assert one.known({"a", "b", "c", "d"}) == known


def test_a_secret_is_in_no_field(tmp_path: Path) -> None:
    secret = "a-token-of-the-owner"
    bad = Event(T0, "a", f"line:{secret}", f"ack={secret}", REFUSED, detail=f"x {secret} y")
    Audit(str(tmp_path), (secret, "")).append([bad])
    assert secret not in (tmp_path / audit.NAME).read_text()
    assert audit.verify(str(tmp_path)) == []


@pytest.mark.parametrize("what", ["folder", "link", "fifo"])
def test_what_is_no_file_is_not_written(tmp_path: Path, what: str) -> None:
    log = tmp_path / audit.NAME
    if what == "folder":
        log.mkdir()
    elif what == "link":
        log.symlink_to("elsewhere")
    else:
        os.mkfifo(log)
    with pytest.raises(OSError, match=r"."):
        Audit(str(tmp_path)).append([event()])
    assert not (tmp_path / "elsewhere").exists()
    assert audit.verify(str(tmp_path))


def test_the_chain_is_whole_whenever_its_writer_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "MAX_BYTES", 20_000)
    dice = random.Random(7)  # noqa: S311  # seeded
    done = 0
    for life in range(40):
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            number = 0
            while True:
                Audit(str(tmp_path)).append([event(f"{life}-{number}") for _ in range(3)])
                os.write(writer, b"%d-%d\n" % (life, number))
                number += 1
        os.close(writer)
        first = os.read(reader, 100) if life % 2 else b""  # else it may not come that far
        time.sleep(dice.uniform(0.001, 0.05))
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with os.fdopen(reader) as said:
            told = (first.decode() + said.read()).split()
        assert audit.verify(str(tmp_path)) == []
        counted = Counter(names(tmp_path))
        assert all(counted[name] == 3 for name in told[-5:])
        done += len(told)
    assert done >= 20
