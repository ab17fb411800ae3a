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
from picoclaw_watchdog.host.clock import utc_offset
from picoclaw_watchdog.settings.mistakes import Flaw
from picoclaw_watchdog.settings.windows import longest_on, read

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
CHANGEABLE = Words(
    "other users can change {env} (mode {mode}), so nothing in it is used",
    "他のユーザーが {env} を書き換えられるため (モード {mode})、内容を一切使いません",
    "check what it says, then run chmod 600 {env}",
    "内容を確かめてから chmod 600 {env} を実行してください",
)
FOLDER_OPEN = Words(
    "other users may write in {folder} (mode {mode}): they could change the settings",
    "{folder} に他のユーザーが書き込めます (モード {mode})",
    "chmod go-w {folder}",
)
FOLDER_PRIVATE = Words("only you can write in {folder}", "{folder} に書き込めるのは本人だけです")

WINDOWS = Words(
    "the planned windows leave time for the watch", "計画メンテナンスの時間帯は適切です"
)
NO_GAP = Words(
    "PAUSE_WINDOWS leave no gap: nothing is ever mended or told",
    "PAUSE_WINDOWS に切れ目がなく、復旧も通知も一切行われません",
    "write fewer or shorter windows into PICOCLAW_WATCHDOG_PAUSE_WINDOWS in {env}",
    "{env} の PICOCLAW_WATCHDOG_PAUSE_WINDOWS の時間帯を減らすか、短くしてください",
)
LONG_WINDOW = Words(
    "PAUSE_WINDOWS pause the watch for more than a day at a stretch",
    "PAUSE_WINDOWS により、監視が 1 日より長く続けて休みます",
    NO_GAP.remedy,
    NO_GAP.remedy_ja,
)
DAY = 86_400
AHEAD = 8  # days: whatever comes back every week has come back


def mistakes(seen: Seen) -> Findings:
    """As `config check` says them; who may read or write `.env` is said below."""
    language = seen.settings.language
    below = {
        (Flaw.OPEN_TO_OTHERS, seen.case.env_file),
        (Flaw.WRITABLE, seen.case.env_file),
        (Flaw.FOLDER_WRITABLE, seen.settings.pico_home),
    }
    found = tuple(
        Finding(
            State.BAD if mistake.fatal else State.WARN, MISTAKE, {"line": mistake.line(language)}
        )
        for mistake in seen.case.loaded.mistakes
        if (mistake.flaw, mistake.origin.where) not in below
    )
    return found or good(NONE)


def private(seen: Seen) -> Findings:
    """Who may read `.env`, or change it."""
    path = seen.case.env_file
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except FileNotFoundError:
        return warn(NO_FILE, env=seen.env)
    except OSError:
        return NOTHING  # unreadable: one of the mistakes above
    facts = {"env": seen.env, "mode": f"{mode:04o}"}
    if mode & 0o022:  # not for --fix: its owner should see first what others may have written
        return bad(CHANGEABLE, **facts)
    if mode & 0o077:
        return bad(OPEN, Fix.PROTECT, path, **facts)
    return good(PRIVATE, env=seen.env)


def folder(seen: Seen) -> Findings:
    """Who may put another file in its place."""
    path = seen.settings.pico_home
    try:
        mode = stat.S_IMODE(os.stat(path).st_mode)
    except OSError:
        return NOTHING
    short = seen.case.short(path)
    if mode & 0o022:  # not for --fix, either
        return bad(FOLDER_OPEN, folder=short, mode=f"{mode:04o}")
    return good(FOLDER_PRIVATE, folder=short)


def windows(seen: Seen) -> Findings:
    """Planned windows under which nobody would look any more."""
    if not seen.settings.pause_windows:
        return NOTHING
    known = [read(each) for each in seen.settings.pause_windows]
    longest = longest_on(known, seen.now.wall, utc_offset, AHEAD)
    if longest >= AHEAD * DAY:
        return warn(NO_GAP, env=seen.env)
    if longest > DAY:
        return warn(LONG_WINDOW, env=seen.env)
    return good(WINDOWS)
