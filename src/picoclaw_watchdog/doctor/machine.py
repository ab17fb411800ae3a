"""The machine: disk, state, log, clock, network."""

import os
import stat

from picoclaw_watchdog.core.reasons import Probe, Verdict
from picoclaw_watchdog.doctor.finding import (
    NOTHING,
    Findings,
    Fix,
    Words,
    bad,
    good,
    unknown,
    warn,
)
from picoclaw_watchdog.doctor.seen import Room, Seen
from picoclaw_watchdog.store.kept import NAME

LEAST = 20_000_000  # bytes without which logs, captures and the database do not fit
LITTLE = 200_000_000
LEAST_INODES = 0.01
MEGABYTE = 1_000_000

STATE = Words("the state folder is yours, private and writable", "状態フォルダーは正常です")
NO_FOLDER = Words(
    "{folder} does not exist yet",
    "{folder} がまだありません",
    "mkdir -p -m 700 {folder}",
)
NOT_WRITABLE = Words(
    "{folder} cannot be written: budgets and messages live in memory only",
    "{folder} に書き込めません",
    'sudo chown -R "$(id -un)" {folder} && chmod u+rwx {folder}',
)
NOT_A_FOLDER = Words(
    "{folder} is no folder", "{folder} がフォルダーではありません", "mv {folder} {folder}.old"
)
OPEN = Words(
    "other users may look into {folder} (mode {mode})",
    "{folder} を他のユーザーが見られます (モード {mode})",
    "chmod 700 {folder}",
)
LOG = Words("the log can be written", "ログに書き込めます")
LOG_NOT = Words(
    "the log {path} cannot be written",
    "ログ {path} に書き込めません",
    'sudo chown "$(id -un)" {path} && chmod u+rw {path}',
)
ROOM = Words("{free} MB are free", "空き容量は {free} MB です")
ROOM_LITTLE = Words(
    "only {free} MB are free at {path}",
    "{path} の空き容量は {free} MB だけです",
    "du -xh --max-depth=2 ~ | sort -h | tail",
)
ROOM_NONE = Words(
    "the disk is full at {path} ({free} MB free): state and log cannot be written",
    "{path} のディスクが満杯です (空き {free} MB)",
    "journalctl --user --vacuum-size=100M; du -xh --max-depth=2 ~ | sort -h | tail",
)
INODES_NONE = Words(
    "no more files can be made at {path} ({share} % of the inodes are left)",
    "{path} にこれ以上ファイルを作れません (inode 残り {share} %)",
    "du --inodes -x --max-depth=2 ~ | sort -n | tail",
)
ROOM_UNSEEN = Words("how much room the disk has is unknown", "空き容量を確認できません")
DATABASE = Words("the database is whole", "データベースは正常です")
DATABASE_BAD = Words(
    "the database is damaged ({why}); the next cycle sets it aside and begins a new one",
    "データベースが壊れています ({why})。次の実行で退避し、作り直します",
    "systemctl --user start picoclaw-watchdog.service",
)
DATABASE_UNSEEN = Words(
    "the database is in use and was not checked", "データベースは使用中のため未確認です"
)
CLOCK = Words("the clock is kept right", "時計は同期しています")
CLOCK_FREE = Words(
    "nobody keeps the clock right: certificates and signed kicks fail when it is wrong",
    "時計が同期していません。狂うと証明書や署名付きキックが失敗します",
    "sudo timedatectl set-ntp true",
)
CLOCK_UNSEEN = Words("whether the clock is kept right is unknown", "時計の同期状態を確認できません")
SKEW = Words(
    "the clock is {seconds} s off LINE's",
    "時計が LINE と {seconds} 秒ずれています",
    "sudo timedatectl set-ntp true",
)
MOST_SKEW = 30.0  # seconds; a signed kick is good for 300
ROUTE = Words("there is a way into the network", "ネットワークに接続しています")
NO_ROUTE = Words(
    "there is no default route: nothing outside can be reached",
    "デフォルトルートがなく、外部に届きません",
    "ip route",
)


def state_folder(seen: Seen) -> Findings:
    """Where budgets, messages and history are kept."""
    path = seen.settings.state_dir
    short = seen.case.short(path)
    try:
        facts = os.stat(path)
    except FileNotFoundError:
        return warn(NO_FOLDER, Fix.MAKE_FOLDERS, path, folder=short)
    except OSError:
        return bad(NOT_WRITABLE, folder=short)
    if not stat.S_ISDIR(facts.st_mode):
        return bad(NOT_A_FOLDER, folder=short)
    if facts.st_uid != os.geteuid() or not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        fix = Fix.PROTECT if facts.st_uid == os.geteuid() else None
        return bad(NOT_WRITABLE, fix, path, folder=short)
    mode = stat.S_IMODE(facts.st_mode)
    if mode & 0o077:
        return warn(OPEN, Fix.PROTECT, path, folder=short, mode=f"{mode:04o}")
    return good(STATE)


def log(seen: Seen) -> Findings:
    """Whether there will be a log to read."""
    path = seen.settings.log_file
    folder = os.path.dirname(path)
    if not os.path.isdir(folder):
        short = seen.case.short(folder)
        return warn(NO_FOLDER, Fix.MAKE_FOLDERS, folder, folder=short)
    there = os.path.lexists(path)
    usable = os.path.isfile(path) and os.access(path, os.W_OK) if there else True
    # Rotation makes and renames files, so the folder must be writable too.
    if not usable or not os.access(folder, os.W_OK | os.X_OK):
        where = path if there and not usable else folder
        return bad(LOG_NOT, path=seen.case.short(where))
    return good(LOG)


def disk(seen: Seen) -> Findings:
    """Room for state and log."""
    if not seen.rooms:
        return unknown(ROOM_UNSEEN)
    found = NOTHING
    for room in seen.rooms:
        found += _room(room, seen)
    least = min(room.free for room in seen.rooms) // MEGABYTE
    return found or good(ROOM, free=f"{least:,}")


def _room(room: Room, seen: Seen) -> Findings:
    facts = {
        "path": seen.case.short(room.path),
        "free": f"{room.free // MEGABYTE:,}",
        "share": f"{room.inodes * 100:.1f}",
    }
    if room.free < LEAST:
        return bad(ROOM_NONE, **facts)
    if room.inodes < LEAST_INODES:
        return bad(INODES_NONE, **facts)
    return warn(ROOM_LITTLE, **facts) if room.free < LITTLE else NOTHING


def database(seen: Seen) -> Findings:
    """Whether SQLite finds it whole."""
    if not os.path.exists(f"{seen.settings.state_dir}/{NAME}"):
        return NOTHING
    if seen.damage is None:
        return unknown(DATABASE_UNSEEN)
    return bad(DATABASE_BAD, why=seen.damage) if seen.damage else good(DATABASE)


def clock(seen: Seen) -> Findings:
    """Whether somebody keeps it right, and whether LINE agrees."""
    skew = _skew(seen)
    if skew is not None and abs(skew) > MOST_SKEW:
        return bad(SKEW, seconds=round(skew))
    if seen.synchronised is None:
        return unknown(CLOCK_UNSEEN)
    return good(CLOCK) if seen.synchronised else warn(CLOCK_FREE)


def _skew(seen: Seen) -> float | None:
    """Seconds that our clock is ahead of LINE's."""
    from email.utils import parsedate_to_datetime

    said = seen.line.info.headers.get("date", "") if seen.line.info else ""
    try:
        return seen.now.wall - parsedate_to_datetime(said).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def network(seen: Seen) -> Findings:
    """A way out."""
    look = seen.look(Probe.ROUTE)
    if look.verdict is Verdict.UNKNOWN:
        return NOTHING
    return good(ROUTE) if look.verdict is Verdict.GOOD else bad(NO_ROUTE)
