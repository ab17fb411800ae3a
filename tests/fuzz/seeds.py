"""Writes the corpus: `python -m tests.fuzz.seeds`. One file for each way through the code."""

from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.kick_target import NOW, SEEN, signature

CORPUS = Path(__file__).parent / "corpus" / "kick"
EPOCH = str(int(NOW))
LINE, SIGNED, TAMPERED, FILE, PATTERN, PAUSE, LOG, HEAD, LOG_TAMPERED, LOG_FORGED = map(
    bytes, zip(range(10), strict=True)
)
EVENT = (
    '{"n":1,"at":1.0,"id":"a","source":"line:U1","action":"ack","event":"accepted",'
    '"verdict":"accepted","outcome":"","detail":"nonce='
    + "c" * 32
    + '","took":0.0,"prev":"'
    + "0" * 64
    + '","hash":"'
    + "0" * 64
    + '"}'
)


def signed(action: str, source: str, nonce: str = "b" * 32) -> str:
    return f"{action}|v1.{nonce}.{signature(action, nonce, source, EPOCH)}|{source}|{EPOCH}"


def seeds() -> Iterator[tuple[str, bytes]]:
    plain = "restart_gateway|{T}|line:U1|" + EPOCH
    yield "plain", LINE + plain.encode()
    yield "signed", LINE + signed("restart_gateway", "line:U1").encode()
    yield "replayed", LINE + signed("status", "cli", SEEN).encode()
    yield "not-allowed", LINE + signed("recover_funnel", "line:U1").encode()
    yield "unknown-source", LINE + signed("ack", "axbxd").encode()
    yield "fields", LINE + plain.encode() + b"|more"
    yield "bytes", LINE + plain.encode() + b"\xff\x00"
    yield "long", LINE + plain.encode() + b"0" * 1024
    for action in ("ack", "ack=gateway-1", "pause=30m", "resume", "nothing"):
        yield f"to-sign-{action}", SIGNED + f"{action}|{'d' * 32}|cli|{EPOCH}".encode()
    yield "stale", SIGNED + f"status|{'d' * 32}|cli|{int(NOW) - 301}".encode()
    yield "ahead", SIGNED + f"status|{'d' * 32}|cli|{int(NOW) + 300}".encode()
    yield "too-far-ahead", SIGNED + f"status|{'d' * 32}|cli|{int(NOW) + 301}".encode()
    yield "no-epoch", SIGNED + f"status|{'d' * 32}|cli|x".encode()
    yield "no-source", SIGNED + f"status|{'d' * 32}||{EPOCH}".encode()
    yield "tampered-action", TAMPERED + b"\x01\x01e"
    yield "tampered-end", TAMPERED + b"\x91\x00\r"
    yield "file", FILE + f"{plain}\n{signed('status', 'cli')}\r\n\n \nhalf".encode()
    yield "file-flood", FILE + b"x\n" * 210
    yield "pattern", PATTERN + b"line:U*a*|line:Uxay"
    yield "pause", PAUSE + b"30m"
    yield "pause-long", PAUSE + b"8d"
    yield "log-rubbish", LOG + b"{}\n[1]\n\xff\n" + b"[" * 40 + b"\n"
    yield "log-unsealed", LOG + EVENT.encode() + b"\n" + EVENT.encode()
    yield "head", HEAD + b'{"n":6,"hash":"x","first":1}'
    yield "head-rubbish", HEAD + b'{"n":true,"hash":1,"first":null}'
    yield "log-forged", LOG_FORGED + b"\x02nonce=" + b"e" * 32
    yield "log-forged-last", LOG_FORGED + b"\x05nonce=" + b"e" * 32
    yield "log-cut", LOG_TAMPERED + b"\x02\x00\x02\x57"
    yield "log-torn", LOG_TAMPERED + b"\xff\xff\x00\x00half a line"
    yield "log-changed", LOG_TAMPERED + b"\x00\x20\x00\x01x"


if __name__ == "__main__":
    CORPUS.mkdir(parents=True, exist_ok=True)
    for name, data in seeds():
        (CORPUS / name).write_bytes(data)
