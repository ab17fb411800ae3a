"""What must hold for whatever lies in the kick's files; `check` takes the fuzzer's bytes.

The first byte chooses what they are, the others are it. In them `{T}` stands for the token,
which no fuzzer would guess. An exception is a finding. What is right is computed here a second
time, without the code under test.
"""

import hashlib
import hmac
import json
import os
import re
import shutil
import tempfile
from functools import cache
from typing import NamedTuple

from picoclaw_watchdog.kick import audit, inbox, requests
from picoclaw_watchdog.kick.requests import Policy, Refusal, Request

TOKEN = "0123456789abcdef-{the owner's}"
NOW = 1_800_000_000.0
SEEN = "5" * 32  # a nonce that was accepted before
OPEN = Policy(enabled=True, token=TOKEN)
STRICT = Policy(True, TOKEN, False, ("line:U*=restart_gateway+status", "cli", "a*b*c=ack+pause"))

GOOD_LINES = 6
EVENT = audit.Event(NOW, "0123456789abcdef", "line:U1", "ack", audit.SERVED, outcome="done")

_ACTION = re.compile(
    r"restart_gateway|recover_funnel|check_ollama|run_cycle|status|resume"
    r"|ack(=[A-Za-z0-9_.:-]{1,64})?|pause=([1-9][0-9]{0,6}(min|[smhd]))+"
)
_SOURCE = re.compile(r"[A-Za-z0-9_.:@-]{1,128}")
_SIGNED = re.compile(r"v1\.[0-9a-f]{32}\.[0-9a-f]{64}")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Line(NamedTuple):
    """The four fields, as this page understands them."""

    action: str
    secret: str
    source: str
    epoch: str

    @property
    def nonce(self) -> str:
        return self.secret[3:35] if _SIGNED.fullmatch(self.secret) else ""


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if data:
        kinds = (
            _line,
            _signed,
            _tampered,
            _file,
            _pattern,
            _pause,
            _log,
            _head,
            _log_tampered,
            _log_forged,
        )
        kinds[data[0] % len(kinds)](data[1:])


def signature(action: str, nonce: str, source: str, epoch: str) -> str:
    message = f"v1\n{action}\n{nonce}\n{source}\n{epoch}"
    return hmac.new(TOKEN.encode(), _raw(message), hashlib.sha256).hexdigest()


def is_rightful(text: str, policy: Policy) -> bool:
    """Whether somebody who knows the token wrote it, and may."""
    if len(text) > requests.LONGEST_LINE or text.count("|") != 3:
        return False
    line = Line(*text.split("|"))
    if line.nonce:
        good = signature(line.action, line.nonce, line.source, line.epoch) == line.secret[36:]
        good = good and line.nonce != SEEN
    else:
        good = policy.plain_allowed and line.secret == policy.token
    return good and _is_wanted(line) and _is_permitted(line, policy)


def _length(text: str) -> int:
    """Seconds of `90m` or `1h30m`: what is left over is none of it."""
    parts = re.findall(r"([0-9]+)(min|[smhd])", text)
    assert "".join(number + unit for number, unit in parts) == text
    return sum(int(number) * _UNITS[unit[0]] for number, unit in parts)


def _is_wanted(line: Line) -> bool:
    if not (_ACTION.fullmatch(line.action) and _SOURCE.fullmatch(line.source)):
        return False
    return bool(re.fullmatch("[0-9]{1,12}", line.epoch)) and abs(NOW - int(line.epoch)) <= 300


def _is_permitted(line: Line, policy: Policy) -> bool:
    verb = line.action.partition("=")[0]
    for entry in policy.sources:
        pattern, limited, names = entry.partition("=")
        if _fits(pattern, line.source) and (not limited or verb in names.split("+")):
            return True
    return not policy.sources


def _fits(pattern: str, text: str) -> bool:
    parts = map(re.escape, pattern.split("*"))
    return re.fullmatch(".*".join(parts), text, re.DOTALL) is not None


def _judged(text: str) -> bool:
    """Whether it is accepted under the open policy; every promise about one line holds."""
    for policy in (OPEN, STRICT):
        verdict = requests.judge(text, policy, NOW, {SEEN})
        assert isinstance(verdict, Request) == is_rightful(text, policy), (policy, verdict)
        if isinstance(verdict, Request):
            fields = Line(*text.split("|"))
            action = f"{verdict.verb}={verdict.argument}" if verdict.argument else verdict.verb
            assert action == fields.action.removesuffix("=")
            assert verdict.source == fields.source
            assert verdict.nonce == fields.nonce if verdict.signed else not fields.nonce
            assert requests.judge(text, policy, NOW, {verdict.nonce}) is Refusal.REPLAYED
    for useless in (OPEN._replace(enabled=False), OPEN._replace(token="")):
        assert isinstance(requests.judge(text, useless, NOW), Refusal)
    said = requests.claim(text)
    for recorded in (*said, requests.identify(text, 7)):
        assert len(recorded) <= 200
        assert re.fullmatch(r"[A-Za-z0-9_.:@=-]*", recorded), "safe in a log and in a message"
    return is_rightful(text, OPEN)


def _line(data: bytes) -> None:
    _judged(_text(data))


def _signed(data: bytes) -> None:
    """`action|nonce|source|epoch`, signed as it is, and good or not by its fields alone."""
    fields = _text(data).split("|")
    if len(fields) == 4:
        action, nonce, source, epoch = fields
        proof = signature(action, nonce, source, epoch)
        _judged(f"{action}|v1.{nonce}.{proof}|{source}|{epoch}")


def _tampered(data: bytes) -> None:
    """A good signed request, of which some bytes are replaced: never good again."""
    if len(data) < 2:
        return
    fields = ("restart_gateway", "a" * 32, "line:U1", str(int(NOW)))
    good = requests.sign("restart_gateway", TOKEN, "line:U1", NOW, "a" * 32)
    assert Line(*good.split("|")).secret[36:] == signature(*fields)
    assert _judged(good)
    start = data[0] % (len(good) + 1)
    changed = good[:start] + _text(data[2:]) + good[start + data[1] % 4 :]
    accepted = _judged(changed)
    assert accepted == (changed == good) or TOKEN in changed, "good for something else"


def _file(data: bytes) -> None:
    """A whole `kick_request`."""
    path, taken = (os.path.join(_folder(), name) for name in ("kick_request", "kick_taken"))
    content = data.replace(b"{T}", TOKEN.encode())
    _put({"kick_request": content})
    batch = inbox.take(path, taken, _no_time)
    assert not os.path.lexists(path)
    assert inbox.take(path, taken, _no_time) == batch._replace(again=True), "killed: all again"
    written = [line for line in content.split(b"\n") if line.strip()]
    assert len(batch.lines) + batch.flood == len(written)
    assert len(batch.lines) <= inbox.MOST_LINES
    for _, text in batch.lines:
        _judged(text)
    names = [requests.identify(text, position) for position, text in batch.lines]
    plain = [name for name in names if "-" in name]
    assert len(set(plain)) == len(plain), "two requests, one name"
    assert inbox.finish(taken, batch)
    assert not os.listdir(_folder())


def _pattern(data: bytes) -> None:
    pattern, _, text = _text(data).partition("|")
    if pattern.count("*") < 6:  # more would take this oracle too long, not the code under test
        assert requests.matches(pattern, text) == _fits(pattern, text)


def _pause(data: bytes) -> None:
    text = _text(data)
    seconds = requests.seconds_of(text)
    assert seconds >= 0
    assert not seconds or _length(text) == seconds


def _log(data: bytes) -> None:
    """Rubbish where audit.log should be: told, survived, and written behind."""
    _put({audit.NAME: data})
    _read_all()
    audit.Audit(_folder()).append([EVENT])
    assert EVENT in audit.after(_folder(), 0)
    assert audit.verify(_folder()), "there was no head"
    _clear()


def _head(data: bytes) -> None:
    """Rubbish where audit.head should be, behind a good log."""
    _put(_good_log() | {audit.HEAD: data})
    _read_all()
    good = audit.verify(_folder()) == []
    audit.Audit(_folder()).append([EVENT])
    assert (audit.verify(_folder()) == []) == good
    _clear()


def _log_tampered(data: bytes) -> None:
    """Some bytes of a good log are replaced: found, now and after it has been written on."""
    if len(data) < 4:
        return
    log = _good_log()
    start = int.from_bytes(data[:2]) % (len(log[audit.NAME]) + 1)
    end = start + int.from_bytes(data[2:4]) % 600
    changed = log[audit.NAME][:start] + data[4:] + log[audit.NAME][end:]
    added = changed.removeprefix(log[audit.NAME])
    # Half a line at the very end is what a killed writer leaves.
    whole = changed.startswith(log[audit.NAME]) and b"\n" not in added
    _put(log | {audit.NAME: changed})
    _read_all()
    assert (audit.verify(_folder()) == []) == whole
    audit.Audit(_folder()).append([EVENT])
    assert (audit.verify(_folder()) == []) == whole
    _clear()


def _log_forged(data: bytes) -> None:
    """One line of a good log is written anew, with a hash that fits it."""
    if len(data) < 2:
        return
    log = _good_log()
    lines = log[audit.NAME].splitlines(keepends=True)
    place = data[0] % len(lines)
    fields = json.loads(lines[place])
    del fields["hash"]
    fields["detail"] = data[1:].decode("utf-8", "replace")
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    fields["hash"] = hashlib.sha256(canonical.encode()).hexdigest()
    forged = json.dumps(fields, separators=(",", ":")).encode() + b"\n"
    _put(log | {audit.NAME: b"".join([*lines[:place], forged, *lines[place + 1 :]])})
    _read_all()
    assert (audit.verify(_folder()) == []) == (forged == lines[place])
    _clear()


def _read_all() -> None:
    folder = _folder()
    audit.verify(folder)
    audit.last_number(folder)
    log = audit.Audit(folder)
    log.known({"", "a", EVENT.id})
    assert all(re.fullmatch("[0-9a-f]{32}", nonce) for nonce in log.nonces())


@cache
def _good_log() -> dict[str, bytes]:
    log = audit.Audit(_folder())
    for number in range(GOOD_LINES // 2):
        log.append([EVENT._replace(id=f"{number}", detail=f"nonce={number:032x}"), EVENT])
    names = (audit.NAME, audit.HEAD)
    written = {name: _content(name) for name in names}
    assert audit.verify(_folder()) == []
    _clear()
    return written


def _put(contents: dict[str, bytes]) -> None:
    for name, content in contents.items():
        with open(os.path.join(_folder(), name), "wb") as file:
            file.write(content)


def _content(name: str) -> bytes:
    with open(os.path.join(_folder(), name), "rb") as file:
        return file.read()


def _clear() -> None:
    for name in os.listdir(_folder()):
        os.unlink(os.path.join(_folder(), name))


def _text(data: bytes) -> str:
    """As the inbox decodes it."""
    return data.decode("utf-8", "surrogateescape").replace("{T}", TOKEN)


def _raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _no_time(seconds: float) -> None:
    raise AssertionError(f"nobody holds the lock, and it waits {seconds} s")


@cache
def _folder() -> str:
    import atexit

    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # fsync would take its time
    folder = tempfile.mkdtemp(prefix="kick-fuzz-", dir=memory)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
