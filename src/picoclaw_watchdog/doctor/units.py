"""The user's systemd: does it start us, always, and with the rights that are needed?"""

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
from picoclaw_watchdog.doctor.seen import Seen
from picoclaw_watchdog.install.interval import longest_cycle
from picoclaw_watchdog.install.places import LOOP, PATH, SERVICE, TIMER, UNITS
from picoclaw_watchdog.ports import Silence, Why

OLDEST = 245  # systemd of Debian 11 and Ubuntu 20.04: the oldest on which this was thought through
ENABLE = "picoclaw-watchdog enable"
INSTALL = "picoclaw-watchdog install"
STALE_INTERVALS = 3
ON = ("enabled", "enabled-runtime", "linked", "static", "alias", "indirect", "generated")

RUNTIME = Words("XDG_RUNTIME_DIR is set", "XDG_RUNTIME_DIR は設定済み")
NO_RUNTIME = Words(
    "XDG_RUNTIME_DIR is not set in this shell (cron, su?): systemctl --user will not work in it",
    "このシェルには XDG_RUNTIME_DIR がなく (cron や su)、systemctl --user が使えません",
    "export XDG_RUNTIME_DIR=/run/user/$(id -u)",
)
BUS = Words("systemd --user answers", "systemd --user は応答しています")
BUS_SLOW = Words(
    "systemd --user does not answer in time: what it would say is unknown",
    "systemd --user が時間内に応答しません。状態は不明です",
    "systemctl --user status",
)
BUS_AWAY = Words(
    "systemd --user cannot be reached: {why}",
    "systemd --user に接続できません: {why}",
    "sudo systemctl start user@$(id -u).service",
)
NO_SYSTEMCTL = Words(
    "systemctl is not installed: this needs a host with systemd",
    "systemctl がありません。systemd のあるホストが必要です",
    "sudo apt install systemd",
)
VERSION = Words("systemd {version}", "systemd {version}")
VERSION_OLD = Words(
    "systemd {version} is older than {oldest}, on which this was never tried",
    "systemd {version} は {oldest} より古く、動作を確認していません",
    "sudo apt update && sudo apt full-upgrade",
)
LINGERS = Words("the watch goes on when you log out", "ログアウトしても監視は続きます")
LINGER_OFF = Words(
    "gateway and watchdog end when you log out, and do not start at boot",
    "ログアウトすると Gateway も監視も止まり、起動時にも始まりません",
    "sudo loginctl enable-linger {user}",
)
LINGER_UNSEEN = Words("whether you linger is unknown", "linger の状態を確認できません")
OFF = Words(
    "switched off by PICOCLAW_WATCHDOG_ENABLED=false: nothing is watched",
    "PICOCLAW_WATCHDOG_ENABLED=false のため、何も監視していません",
    "write PICOCLAW_WATCHDOG_ENABLED=true in {env}",
    "{env} に PICOCLAW_WATCHDOG_ENABLED=true と書いてください",
)
MASKED = Words(
    "{unit} is masked: it can never start",
    "{unit} は mask されていて起動できません",
    "systemctl --user unmask {unit}",
)
NOT_ENABLED = Words(
    "the watch is not enabled: it will not start at the next boot",
    "監視が有効化されていません。次の起動時に始まりません",
    ENABLE,
)
STOPPED = Words(
    "the timer is not running: nothing is watched",
    "タイマーが止まっており、何も監視していません",
    ENABLE,
)
DEAD = Words(
    'the timer shows "active" and will never elapse again: nothing is watched',
    "タイマーは active と表示されますが二度と発火しません。何も監視していません",
    "picoclaw-watchdog install && systemctl --user restart {unit}",
)
TICKS = Words("the timer ticks every {seconds} s", "タイマーは {seconds} 秒ごとに動いています")
LOOPS = Words("the resident loop runs", "常駐ループが動いています")
LOOP_NOT_ENABLED = Words(
    "the resident loop runs, but is not enabled: it will not start at the next boot",
    "常駐ループは動いていますが有効化されておらず、次の起動時に始まりません",
    "systemctl --user enable {unit}",
)
PATH_ON = Words("a kick starts a cycle at once", "キックは直ちに処理されます")
PATH_OFF = Words(
    "the path unit is not running: a kick waits for the next regular cycle",
    "path ユニットが動いておらず、キックは次の定期実行まで待ちます",
    ENABLE,
)
HOOKED = Words(
    "a crash of the gateway is noticed at once", "Gateway の異常終了は直ちに検知されます"
)
NOT_HOOKED = Words(
    "{gateway} has no OnFailure= to us: a crash is only seen by the next regular cycle",
    "{gateway} に OnFailure= がなく、異常終了の検知は次の定期実行になります",
    INSTALL,
)
CURRENT = Words("the units fit the program and the settings", "ユニットは設定と一致しています")
OUTDATED = Words(
    "units are missing or made for other settings: {names}",
    "ユニットがないか、設定と一致していません: {names}",
    INSTALL,
)
EDITED = Words(
    "you have changed {names}, so an install leaves them as they are",
    "{names} は編集されているため、インストールしても置き換えません",
    "rm {paths} && picoclaw-watchdog install",
)
UNITS_UNSEEN = Words("the unit files could not be compared", "ユニットファイルを比較できません")
LOADED = Words("systemd knows the units as they are on the disk", "ユニットは読み込み済みです")
RELOAD = Words(
    "unit files changed and systemd has not read them: {names}",
    "変更されたユニットが読み込まれていません: {names}",
    "systemctl --user daemon-reload",
)
FREE = Words("the service may use sudo, which it needs", "サービスは必要な sudo を使えます")
RESTRICTED = Words(
    "the service is restricted and needs no sudo", "サービスの権限は制限済みで、sudo は不要です"
)
HAMPERED = Words(
    "the service is forbidden new privileges and needs sudo for the Funnel: it cannot mend it",
    "サービスが NoNewPrivileges で制限され、Funnel の復旧に必要な sudo が使えません",
    INSTALL,
)
LAST_GOOD = Words("the last cycle was {ago} s ago", "最後の確認は {ago} 秒前です")
LAST_NEVER = Words(
    "no cycle has run yet",
    "まだ一度も確認が行われていません",
    "systemctl --user start {unit}",
)
LAST_OLD = Words(
    "the last cycle was {ago} s ago, though one is due every {seconds} s",
    "最後の確認は {ago} 秒前です ({seconds} 秒ごとのはずです)",
    "journalctl --user -u {unit} -n 50",
)
FAILED = Words(
    "the last run of {unit} ended in failure ({result})",
    "{unit} の前回の実行が失敗しました ({result})",
    "journalctl --user -u {unit} -n 50",
)
JOURNAL = Words("the journal can be read", "ジャーナルを読めます")
NO_JOURNAL = Words(
    "you have no journal: what the gateway said before it fell cannot be kept",
    "ジャーナルがなく、Gateway が落ちる前の出力を残せません",
    "sudo mkdir -p /var/log/journal && sudo systemctl restart systemd-journald",
)
PAUSED = Words(
    "paused by {who} until {until}: nothing is mended and nothing told",
    "一時停止中 ({who}、{until} まで)。復旧も通知も行いません",
    "picoclaw-watchdog resume",
)
PLANNED = Words(
    "planned maintenance until {until}: nothing is mended and nothing told",
    "{until} まで計画メンテナンス中です。復旧も通知も行いません",
)
NOT_PAUSED = Words("not paused", "一時停止していません")


def runtime_dir(seen: Seen) -> Findings:
    """The variable without which systemctl --user does not find its bus."""
    return good(RUNTIME) if seen.case.environ.get("XDG_RUNTIME_DIR") else warn(NO_RUNTIME)


def bus(seen: Seen) -> Findings:
    """Whether systemd can be asked at all."""
    said = seen.systemd
    if not isinstance(said, Silence):
        return good(BUS)
    if said.why is Why.MISSING:
        return bad(NO_SYSTEMCTL)
    return unknown(BUS_SLOW) if said.why is Why.TIMED_OUT else bad(BUS_AWAY, why=said.detail)


def systemd_version(seen: Seen) -> Findings:
    """New enough."""
    if isinstance(seen.systemd, Silence) or not seen.systemd.version:
        return NOTHING
    number = seen.systemd.version
    if number < OLDEST:
        return warn(VERSION_OLD, version=number, oldest=OLDEST)
    return good(VERSION, version=number)


def linger(seen: Seen) -> Findings:
    """Without it everything of this user's ends at logout."""
    if seen.lingers is None:
        return unknown(LINGER_UNSEEN)
    return good(LINGERS) if seen.lingers else bad(LINGER_OFF, user=seen.case.user)


def timer(seen: Seen) -> Findings:
    """Enabled, running, and with a next time."""
    if not seen.settings.enabled:
        return warn(OFF, env=seen.env)
    if not seen.bus_answers or seen.is_absent:
        return NOTHING
    if seen.unit(LOOP, "ActiveState") == "active":
        boots = seen.unit(LOOP, "UnitFileState") in ON
        return good(LOOPS) if boots else warn(LOOP_NOT_ENABLED, unit=LOOP)
    return _regular(seen)


def _regular(seen: Seen) -> Findings:
    for unit in (TIMER, SERVICE):
        if seen.unit(unit, "LoadState") == "masked":
            return bad(MASKED, unit=unit)
    if seen.unit(TIMER, "ActiveState") != "active":
        was_on = seen.unit(TIMER, "UnitFileState") in ON  # else its owner switched it off
        return bad(STOPPED, Fix.REARM if was_on else None)
    # While its service runs, a timer has no next time either, and its sub-state is `running`.
    if seen.unit(TIMER, "SubState") == "elapsed" and _never(seen):
        return bad(DEAD, Fix.REARM, unit=TIMER)
    if seen.unit(TIMER, "UnitFileState") not in ON:
        return bad(NOT_ENABLED, Fix.ENABLE)
    return good(TICKS, seconds=seen.settings.interval_sec)


def _never(seen: Seen) -> bool:
    monotonic = seen.unit(TIMER, "NextElapseUSecMonotonic")
    return monotonic in ("", "infinity") and not seen.unit(TIMER, "NextElapseUSecRealtime")


def kicks(seen: Seen) -> Findings:
    """The unit that makes a kick start a cycle."""
    if not seen.bus_answers or not seen.settings.kick_enabled:
        return NOTHING
    if seen.unit(PATH, "ActiveState") == "active":
        return good(PATH_ON)
    return warn(PATH_OFF, Fix.ENABLE if seen.unit(TIMER, "UnitFileState") in ON else None)


def on_failure(seen: Seen) -> Findings:
    """The drop-in of the gateway's unit."""
    gateway = seen.settings.gateway_service
    if seen.is_absent or seen.unit(gateway, "LoadState") != "loaded":
        return NOTHING
    if seen.gateway_is_the_systems:
        return NOTHING  # the system's manager cannot start what is a user's
    hooked = SERVICE in seen.unit(gateway, "OnFailure").split()
    return good(HOOKED) if hooked else bad(NOT_HOOKED, Fix.INSTALL, gateway=gateway)


def current(seen: Seen) -> Findings:
    """The files, compared with what an install would write."""
    if seen.is_absent:
        return NOTHING
    if seen.stale_units is None:
        return unknown(UNITS_UNSEEN)
    found = NOTHING
    if seen.stale_units:
        found += bad(OUTDATED, Fix.INSTALL, names=_names(seen.stale_units))
    if seen.edited_units:
        paths = tuple(map(seen.case.short, seen.edited_units))
        found += warn(EDITED, names=_names(seen.edited_units), paths=paths)
    return found or good(CURRENT)


def _names(paths: tuple[str, ...]) -> str:
    return ", ".join(path.rpartition("/")[2] for path in paths)


def loaded(seen: Seen) -> Findings:
    """Whether systemd has read the files."""
    if not seen.bus_answers:
        return NOTHING
    units = UNITS if seen.gateway_is_the_systems else (*UNITS, seen.settings.gateway_service)
    changed = [name for name in units if seen.unit(name, "NeedDaemonReload") == "yes"]
    return warn(RELOAD, Fix.RELOAD, names=", ".join(changed)) if changed else good(LOADED)


def hardening(seen: Seen) -> Findings:
    """Restrictions and sudo exclude each other: almost every restriction forbids privileges."""
    may = seen.rights
    if may is None or seen.unit(SERVICE, "LoadState") != "loaded":
        return NOTHING
    restricted = seen.unit(SERVICE, "NoNewPrivileges") == "yes"
    if may.needs_sudo and may.allowed:
        return bad(HAMPERED, Fix.INSTALL) if restricted else good(FREE)
    return good(RESTRICTED) if restricted else NOTHING


def journal(seen: Seen) -> Findings:
    """Where the evidence comes from: without /var/log/journal users have none of their own."""
    if seen.has_journal is None:
        return NOTHING
    return good(JOURNAL) if seen.has_journal else warn(NO_JOURNAL)


def last_cycle(seen: Seen) -> Findings:
    """Whether somebody really looks: what the timer says is not proof."""
    if not seen.settings.enabled or seen.is_absent:
        return NOTHING
    at = seen.snapshot.get("at")
    interval = seen.settings.interval_sec
    if not isinstance(at, int | float):
        return warn(LAST_NEVER, unit=SERVICE)
    ago = max(0, round(seen.now.wall - at))
    if ago > STALE_INTERVALS * interval + longest_cycle(seen.settings):
        return bad(LAST_OLD, ago=ago, seconds=interval, unit=SERVICE)
    return good(LAST_GOOD, ago=ago)


def last_result(seen: Seen) -> Findings:
    """How our own service ended."""
    found = NOTHING
    for unit in (SERVICE, LOOP):
        result = seen.unit(unit, "Result")
        if seen.unit(unit, "ActiveState") == "failed" and result not in ("", "success"):
            found += bad(FAILED, Fix.RESET_FAILED, unit, unit=unit, result=result)
    return found


def paused(seen: Seen) -> Findings:
    """A pause that somebody may have forgotten."""
    pause = seen.switched("paused")
    if pause is None:
        return good(NOT_PAUSED) if seen.snapshot else NOTHING
    facts = {"who": pause["who"], "until": pause["until"]}
    return good(PLANNED, **facts) if pause.get("planned") else warn(PAUSED, **facts)
