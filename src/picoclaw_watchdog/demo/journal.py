"""The stand-in's `journalctl -o json -r`: what a unit said, each line an entry, newest first."""

import json
import sys
from pathlib import Path


def entry(line: bytes) -> str:
    """One line as journald shows it: a text, or its bytes where it is not printable UTF-8."""
    message: str | list[int]
    try:
        message = line.decode()
    except UnicodeDecodeError:
        message = list(line)
    else:
        if any(sign < " " and sign != "\t" for sign in message):
            message = list(line)
    said = {"__REALTIME_TIMESTAMP": "1770000000000000", "MESSAGE": message, "_COMM": "picoclaw"}
    return json.dumps(said)


def main(path: str, most: str) -> int:
    """Print the last entries."""
    lines = Path(path).read_bytes().splitlines()[-int(most) :]
    print("".join(f"{entry(line)}\n" for line in reversed(lines)), end="")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
