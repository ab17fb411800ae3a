"""The line of sudoers under a real sudo: it allows its one command, and nothing near it."""

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from picoclaw_watchdog.host.sudoers import line
from tests.unit.test_sudoers import ARGUMENTS, USERS

pytestmark = pytest.mark.lab
PROGRAM = "/usr/bin/env"
NUMBER = 64_001

# In a mount namespace of its own: nothing of this host's is changed.
WORLD = """set -e
mount -t tmpfs -o mode=755 tmpfs /etc/sudoers.d
printf 'Defaults !fqdn\\n%s\\n' "$LINE" >/etc/sudoers.d/line
chmod 440 /etc/sudoers.d/line
cp /etc/passwd "$FOLDER/passwd"
chmod 644 "$FOLDER/passwd"
printf '%s:*:%s:4::/:/bin/sh\\n' "$NAME" 64001 somebody 64002 >>"$FOLDER/passwd"
mount --bind "$FOLDER/passwd" /etc/passwd
"""


def why_not() -> str:
    if os.geteuid() != 0:
        return "needs root"
    missing = [each for each in ("sudo", "unshare", "setpriv") if shutil.which(each) is None]
    return f"needs {', '.join(missing)}" if missing else ""


@pytest.fixture(autouse=True)
def _possible() -> None:
    reason = why_not()
    if reason and "CI" in os.environ:
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)


def allowed(
    folder: Path, user: str, rights: str, *asked: tuple[int, tuple[str, ...]]
) -> list[bool]:
    """Whether `sudo -n -l` lets each of these users run each of these commands."""
    asking = "".join(
        f"setpriv --reuid {uid} --regid {uid} --clear-groups sudo -n -l {shlex.join(argv)} "
        ">/dev/null 2>&1 && echo yes || echo no\n"
        for uid, argv in asked
    )
    ran = subprocess.run(
        ["unshare", "-m", "bash", "-c", WORLD + asking],
        env={
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "LC_ALL": "C",
            "LINE": rights,
            "NAME": user,
            "FOLDER": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return [each == "yes" for each in ran.stdout.split()]


@pytest.mark.parametrize("user", USERS)
def test_the_user_and_nobody_else_may_run_exactly_this(user: str, tmp_path: Path) -> None:
    rights = line(user, (PROGRAM, "funnel", "--bg", "18791"))
    exact = (PROGRAM, "funnel", "--bg", "18791")
    asked = (
        (NUMBER, exact),
        (NUMBER + 1, exact),
        (NUMBER, (*exact, "--https=8443")),
        (NUMBER, (PROGRAM, "funnel", "--bg", "/etc/shadow")),
        (NUMBER, (PROGRAM, "funnel", "reset")),
        (NUMBER, (PROGRAM,)),
    )
    assert allowed(tmp_path, user, rights, *asked) == [True, *[False] * 5]


@pytest.mark.parametrize("word", ARGUMENTS)
def test_an_argument_is_meant_word_for_word(word: str, tmp_path: Path) -> None:
    rights = line("pico", (PROGRAM, "funnel", word))
    near = word.replace("*", "x").replace("?", "x").replace("[c]", "c").replace("\\", "")
    asked = [(NUMBER, (PROGRAM, "funnel", word)), (NUMBER, (PROGRAM, "funnel", f"{word}x"))]
    asked += [(NUMBER, (PROGRAM, "funnel", near))] if near != word else []
    expected = [True, *[False] * (len(asked) - 1)]
    assert allowed(tmp_path, "pico", rights, *asked) == expected
