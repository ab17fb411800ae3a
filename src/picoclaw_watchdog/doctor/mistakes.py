"""The owner's settings: every mistake, and who may read them."""

import os
import stat

from picoclaw_watchdog.doctor.finding import (
    NOTHING,
    Finding,
    Findings,
    Fix,
    State,
    Words,
    bad,
    good,
    warn,
)
from picoclaw_watchdog.doctor.seen import Seen
from picoclaw_watchdog.settings.mistakes import Flaw

NONE = Words("no mistakes in the settings", "設定に誤りはありません")
MISTAKE = Words("{line}", "{line}", "picoclaw-watchdog config check")
NO_FILE = Words(
    "there is no {env}: everything has its default",
    "{env} がなく、すべて既定値です",
    "picoclaw-watchdog init",
)
PRIVATE = Words("only you can read {env}", "{env} を読めるのは本人だけです")
OPEN = Words(
    "other users may open {env} (mode {mode}), and it holds secrets",
    "秘密情報を含む {env} を他のユーザーが開けます (モード {mode})",
    "chmod 600 {env}",
)
FOLDER_OPEN = Words(
    "other users may write in {folder} (mode {mode}): they could change the settings",
    "{folder} に他のユーザーが書き込めます (モード {mode})",
    "chmod go-w {folder}",
)
FOLDER_PRIVATE = Words("only you can write in {folder}", "{folder} に書き込めるのは本人だけです")


def mistakes(seen: Seen) -> Findings:
    """As `config check` says them; who may read the file is said below."""
    language = seen.settings.language
    found = tuple(
        Finding(
            State.BAD if mistake.fatal else State.WARN, MISTAKE, {"line": mistake.line(language)}
        )
        for mistake in seen.case.loaded.mistakes
        if mistake.flaw is not Flaw.OPEN_TO_OTHERS
    )
    return found or good(NONE)


def private(seen: Seen) -> Findings:
    """Who may read `.env`."""
    path = seen.case.env_file
    env = seen.case.short(path)
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return warn(NO_FILE, env=env)
    except OSError:
        return NOTHING  # unreadable: one of the mistakes above
    if mode & 0o077:
        return bad(OPEN, Fix.PROTECT, path, env=env, mode=f"{mode:04o}")
    return good(PRIVATE, env=env)


def folder(seen: Seen) -> Findings:
    """Who may put another file in its place."""
    path = seen.settings.pico_home
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        return NOTHING
    short = seen.case.short(path)
    if mode & 0o022:
        return bad(FOLDER_OPEN, Fix.PROTECT, path, folder=short, mode=f"{mode:04o}")
    return good(FOLDER_PRIVATE, folder=short)
