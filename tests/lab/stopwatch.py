"""Run inside the lab: do something to the gateway and time how long it is not healthy.

usage: stopwatch.py HEALTH_URL READY_URL LIMIT COMMAND...
Prints the seconds from just before the command until both answer 200 again.
"""

import subprocess
import sys
import time
import urllib.request

EVERY = 0.01  # seconds between two looks
HANGS = 0.5  # seconds without an answer


def is_healthy(urls: list[str]) -> bool:
    try:
        for url in urls:
            with urllib.request.urlopen(url, timeout=HANGS) as answer:
                answer.read()
    except OSError:
        return False
    return True


def main(arguments: list[str]) -> int:
    urls, limit, command = arguments[:2], float(arguments[2]), arguments[3:]
    began = time.monotonic()
    subprocess.run(command, check=True)
    for wanted in (False, True):
        while is_healthy(urls) is not wanted:
            if time.monotonic() - began > limit:
                sys.stderr.write(f"still not {wanted} after {limit} s\n")
                return 1
            time.sleep(EVERY)
    sys.stdout.write(f"{time.monotonic() - began:.3f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
