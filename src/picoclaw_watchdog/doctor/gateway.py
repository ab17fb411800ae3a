"""PicoClaw's gateway: its unit, its ports, what it answers, and which release it is."""

import os

from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.doctor.finding import (
    NOTHING,
    Findings,
    Fix,
    Words,
    bad,
    good,
    skipped,
    unknown,
    warn,
)
from picoclaw_watchdog.doctor.seen import Seen, systemctl, why
from picoclaw_watchdog.doctor.units import ON
from picoclaw_watchdog.host.listeners import Listener

SET = "write {key}={value} in {env}"
SET_JA = "{env} に {key}={value} と書いてください"
PREFIX = "PICOCLAW_WATCHDOG_"

RUNS = Words("{gateway} runs", "{gateway} は動いています")
NOT_FOUND = Words(
    "there is no unit {gateway}: no restart can mend anything. If it has another name, write "
    "it as PICOCLAW_WATCHDOG_GATEWAY_SERVICE in {env}",
    "ユニット {gateway} がなく、再起動による復旧ができません。別名の場合は {env} の "
    "PICOCLAW_WATCHDOG_GATEWAY_SERVICE に書いてください",
    "systemctl --user list-unit-files '*claw*'",
)
THE_SYSTEMS = Words(
    "{gateway} is a unit of the whole system: its ills are told, but it is not restarted",
    "{gateway} はシステム全体のユニットです。異常は知らせますが、再起動は行いません",
    "{systemctl} status {gateway}",
)
MASKED = Words(
    "{gateway} is masked: it can never start",
    "{gateway} は mask されていて起動できません",
    "{systemctl} unmask {gateway}",
)
BAD_SETTING = Words(
    "{gateway} has a mistake in its unit file",
    "{gateway} のユニットファイルに誤りがあります",
    "{analyze} verify {gateway}",
)
LIMITED = Words(
    "{gateway} was started too often and systemd gave up on it",
    "{gateway} は起動を繰り返し、systemd が諦めました",
    "{systemctl} reset-failed {gateway} && {systemctl} restart {gateway}",
)
FAILED = Words(
    "{gateway} has failed ({result})",
    "{gateway} は失敗しました ({result})",
    "{journalctl} -u {gateway} -n 50",
)
# systemd.exec(5), "Process Exit Codes": it failed before the program itself ran.
BEFORE_IT_RAN = {
    "200": Words(
        "{gateway} cannot start: its WorkingDirectory= does not exist",
        "{gateway} を起動できません: WorkingDirectory= がありません",
        "{systemctl} cat {gateway}",
    ),
    "203": Words(
        "{gateway} cannot start: the program of its ExecStart= does not exist or cannot be run",
        "{gateway} を起動できません: ExecStart= のプログラムがないか実行できません",
        "{systemctl} cat {gateway}",
    ),
    "209": Words(
        "{gateway} cannot start: the folder or file of its StandardOutput= cannot be opened",
        "{gateway} を起動できません: StandardOutput= の出力先を開けません",
        "mkdir -p {logs} && {systemctl} restart {gateway}",
    ),
}
ON_PURPOSE = Words(
    "{gateway} was stopped on purpose by {who}, until {until}",
    "{gateway} は {who} が意図して止めています ({until} まで)",
    "picoclaw-watchdog start-gateway",
)
INACTIVE = Words(
    "{gateway} is not running",
    "{gateway} は動いていません",
    "{systemctl} start {gateway}",
)
CHANGING = Words("{gateway} is {active} just now", "{gateway} は {active} の途中です")
BOOTS = Words("the gateway starts at boot", "Gateway は起動時に始まります")
NO_BOOT = Words(
    "{gateway} is not enabled: after a reboot only the watchdog will start it",
    "{gateway} が有効化されていません。再起動後は監視だけが起動役になります",
    "{systemctl} enable {gateway}",
)
HEALTHY = Words("/health answers 200", "/health は 200 を返します")
HEALTH_OFF = Words("/health is not looked at (HEALTH_URL is empty)", "/health の確認は無効です")
HEALTH_BAD = Words(
    "{url} does not answer 200: {why}",
    "{url} が 200 を返しません: {why}",
    "{systemctl} restart {gateway}",
)
READY = Words("/ready answers 200", "/ready は 200 を返します")
READY_OFF = Words("/ready is not looked at (READY_URL is empty)", "/ready の確認は無効です")
READY_STOCK = Words(
    "/ready answers 503 without reasons, as stock releases 0.2.0 to 0.2.9 always do: it is ignored",
    "/ready は理由なしの 503 です (0.2.0〜0.2.9 の仕様)。無視します",
)
HEALTH_OLLAMA = Words(
    "/health answers 503 because of Ollama ({why}): the gateway itself is well",
    "/health は Ollama が原因で 503 です ({why})。Gateway 自体は正常です",
    "picoclaw-watchdog why",
)
READY_OLLAMA = Words(
    "/ready answers 503 because of Ollama ({why}): the gateway itself is well",
    "/ready は Ollama が原因で 503 です ({why})。Gateway 自体は正常です",
    "picoclaw-watchdog why",
)
READY_BAD = Words(
    "{url} does not answer 200: {why}",
    "{url} が 200 を返しません: {why}",
    "{journalctl} -u {gateway} -n 50",
)
WEBHOOK = Words("the webhook answers on port {port}", "Webhook はポート {port} で応答します")
WEBHOOK_SHARED = Words(
    "the webhook is served on the gateway's port {port}, as PicoClaw 0.2.0 and later do",
    "Webhook は Gateway と同じポート {port} です (PicoClaw 0.2.0 以降の仕様)",
)
SHARED_FUNNEL = Words(
    "the webhook is served on port {value}, but a mended Funnel would lead to port {port}",
    "Webhook はポート {value} ですが、Funnel の復旧先はポート {port} です",
    SET,
    SET_JA,
)
WEBHOOK_BAD = Words(
    "the webhook does not answer on port {port} at {path}: {why}",
    "Webhook がポート {port} の {path} で応答しません: {why}",
    "{systemctl} restart {gateway}",
)
WEBHOOK_PATH = Words(
    "the webhook's path is {value} in config.json, {path} is looked at",
    "config.json の Webhook パスは {value} ですが、{path} を確認しています",
    SET,
    SET_JA,
)
OWNED = Words("ports {ports} belong to the gateway", "ポート {ports} は Gateway のものです")
NOBODY = Words(
    "nobody listens on port {ports}",
    "ポート {ports} で待ち受けるプログラムがありません",
    "{systemctl} restart {gateway}",
)
STRANGER = Words(
    "port {port} belongs to {program} (process {pid}), not to the gateway",
    "ポート {port} は Gateway ではなく {program} (プロセス {pid}) が使っています",
    "kill {pid} && {systemctl} restart {gateway}",
)
OTHER_UNIT = Words(
    "port {port} belongs to {unit} ({program}), not to {gateway}. If that is the gateway, "
    "write it as PICOCLAW_WATCHDOG_GATEWAY_SERVICE in {env}",
    "ポート {port} は {gateway} ではなく {unit} ({program}) が使っています。それが Gateway なら "
    "{env} の PICOCLAW_WATCHDOG_GATEWAY_SERVICE に書いてください",
    "{stop} {unit}",
)
OTHER_USER = Words(
    "port {port} belongs to another user's program (uid {uid})",
    "ポート {port} は別のユーザー (uid {uid}) のプログラムが使っています",
    "sudo ss -ltnp 'sport = :{port}'",
)
PORTS_UNSEEN = Words("whose the ports are is unknown", "ポートの持ち主を確認できません")
PORT_DIFFERS = Words(
    "PicoClaw's own settings put the gateway at {own} ({source}), port {port} is watched",
    "PicoClaw 自身の設定 ({source}) では Gateway は {own} ですが、ポート {port} を監視しています",
    SET,
    SET_JA,
)
HOOK_PORT_DIFFERS = Words(
    "config.json puts the webhook on port {value}, port {port} is watched",
    "config.json の Webhook はポート {value} ですが、{port} を監視しています",
    SET,
    SET_JA,
)
AGREES = Words("config.json and our settings agree", "config.json と設定は一致しています")
NO_CONFIG = Words(
    "there is no readable config.json of PicoClaw in {folder} (elsewhere? set PICO_HOME)",
    "{folder} に PicoClaw の config.json がないか、読めません (別の場所なら PICO_HOME を設定)",
    "picoclaw onboard",
)
LINE_OFF = Words(
    "PicoClaw's own LINE channel is switched off in config.json",
    "config.json で PicoClaw の LINE チャネルが無効です",
    'write "enabled": true at the LINE channel in {config}',
    '{config} の LINE チャネルに "enabled": true と書いてください',
)
PID_FINE = Words("no stale pid file", "古い pid ファイルはありません")
PID_STALE = Words(
    "{path} names process {pid}, which is {program}: PicoClaw refuses to start because of it",
    "{path} のプロセス {pid} は {program} です。このため PicoClaw は起動しません",
    "mv {path} {path}.stale",
)


def unit(seen: Seen) -> Findings:
    """The unit's state."""
    if not seen.bus_answers:
        return NOTHING
    facts = {**seen.gateway_facts, "env": seen.env}
    name = seen.settings.gateway_service
    whose = warn(THE_SYSTEMS, **facts) if seen.gateway_is_the_systems else NOTHING
    load, active = seen.unit(name, "LoadState"), seen.unit(name, "ActiveState")
    result = seen.unit(name, "Result")
    if active == "active":
        return whose or good(RUNS, **facts)
    cannot_start = {"not-found": NOT_FOUND, "masked": MASKED, "bad-setting": BAD_SETTING}
    if load in cannot_start:
        return whose + bad(cannot_start[load], **facts)
    stopped = seen.switched("stopped")
    if stopped is not None and active in ("inactive", "failed"):
        return warn(ON_PURPOSE, who=stopped["who"], until=stopped["until"], **facts)
    return whose + _down(active, result, seen)


def _down(active: str, result: str, seen: Seen) -> Findings:
    """Why a unit that could run does not."""
    name = seen.settings.gateway_service
    facts = seen.gateway_facts
    if result == "start-limit-hit":
        return bad(LIMITED, **facts)
    if active == "failed":
        words = BEFORE_IT_RAN.get(seen.unit(name, "ExecMainStatus"), FAILED)
        logs = seen.case.short(f"{seen.settings.pico_home}/logs")
        return bad(words, result=result, logs=logs, **facts)
    if active == "inactive":
        return bad(INACTIVE, **facts)
    return unknown(CHANGING, active=active or "?", **facts)


def boot(seen: Seen) -> Findings:
    """Whether it starts at boot."""
    name = seen.settings.gateway_service
    state = seen.unit(name, "UnitFileState")
    if seen.unit(name, "LoadState") != "loaded" or not state:
        return NOTHING
    return good(BOOTS) if state in ON else warn(NO_BOOT, **seen.gateway_facts)


def health(seen: Seen) -> Findings:
    """The gateway's own word."""
    if not seen.settings.health_url:
        return skipped(HEALTH_OFF)
    look = seen.look(Probe.HEALTH)
    if look.verdict is Verdict.GOOD:
        return good(HEALTHY)
    if look.sight is Sight.READY_OLLAMA:
        return warn(HEALTH_OLLAMA, why=look.detail)
    return _answers_badly(seen, HEALTH_BAD, Probe.HEALTH, seen.settings.health_url)


def ready(seen: Seen) -> Findings:
    """What it says of what it needs."""
    if not seen.settings.ready_url:
        return skipped(READY_OFF)
    look = seen.look(Probe.READY)
    if look.verdict is Verdict.UNKNOWN:
        return _answers_badly(seen, READY_BAD, Probe.READY, seen.settings.ready_url)
    if look.sight is Sight.READY_STOCK:
        return good(READY_STOCK)
    if look.verdict is Verdict.GOOD:
        return good(READY)
    if look.sight is Sight.READY_OLLAMA:
        return warn(READY_OLLAMA, why=look.detail)
    if seen.is_bad(Probe.HEALTH):
        return NOTHING  # the same server: said once
    return _answers_badly(seen, READY_BAD, Probe.READY, seen.settings.ready_url)


def _answers_badly(seen: Seen, words: Words, probe: Probe, url: str) -> Findings:
    look = seen.look(probe)
    facts = {**seen.gateway_facts, "url": url, "why": why(look)}
    if look.verdict is Verdict.UNKNOWN:
        return unknown(words, **facts)
    if seen.gateway_is_down:
        return NOTHING
    return bad(words, **facts)


def webhook(seen: Seen) -> Findings:
    """The webhook here, and on which port."""
    settings, look = seen.settings, seen.look(Probe.WEBHOOK_LOCAL)
    own, shared = settings.line_webhook_port, settings.gateway_port
    facts = {**seen.gateway_facts, "port": own, "path": settings.webhook_path}
    if look.verdict is Verdict.UNKNOWN:
        return unknown(WEBHOOK_BAD, why=why(look), **facts)
    if look.sight is Sight.SHARED_PORT:
        key = f"{PREFIX}LINE_WEBHOOK_PORT"
        return warn(SHARED_FUNNEL, port=own, key=key, value=shared, env=seen.env)
    if look.verdict is Verdict.GOOD:
        return good(WEBHOOK_SHARED if own == shared else WEBHOOK, port=own)
    hangs = seen.is_bad(Probe.HEALTH) and look.sight is seen.look(Probe.HEALTH).sight
    if seen.gateway_is_down or hangs:
        return NOTHING
    return bad(WEBHOOK_BAD, why=why(look), **facts)


def owners(seen: Seen) -> Findings:
    """Whose the ports are: an answer from a stranger can look healthy."""
    if seen.listeners is None:
        return unknown(PORTS_UNSEEN)
    ports = _ports(seen)
    holders = {port: [each for each in seen.listeners if each.port == port] for port in ports}
    strangers = [
        each[0]
        for each in holders.values()
        if each and not any(_is_gateways(seen, one) for one in each)
    ]
    if strangers and not seen.bus_answers:
        return unknown(PORTS_UNSEEN)
    found = tuple(each for holder in strangers for each in _stranger(seen, holder))
    closed = ", ".join(str(port) for port in ports if not holders[port])
    told = seen.is_bad(Probe.HEALTH) or seen.is_bad(Probe.WEBHOOK_LOCAL)
    if closed and not told and not seen.gateway_is_down:
        found += bad(NOBODY, ports=closed, **seen.gateway_facts)
    if found or seen.gateway_is_down:
        return found
    return good(OWNED, ports=", ".join(map(str, ports)))


def _ports(seen: Seen) -> tuple[int, ...]:
    """The ports that the gateway must have: newer releases have one."""
    settings = seen.settings
    look = seen.look(Probe.WEBHOOK_LOCAL)
    if look.sight is Sight.SHARED_PORT:
        return (settings.gateway_port,)
    return tuple(dict.fromkeys((settings.gateway_port, settings.line_webhook_port)))


def _is_gateways(seen: Seen, holder: Listener) -> bool:
    """By its unit; where cgroups do not tell, by its number."""
    gateway = seen.settings.gateway_service
    main = seen.unit(gateway, "MainPID")
    return holder.unit == gateway or (holder.pid > 0 and str(holder.pid) == main)


def _stranger(seen: Seen, holder: Listener) -> Findings:
    facts = {**seen.gateway_facts, **holder._asdict(), "env": seen.env}
    if not holder.pid:
        return warn(OTHER_USER, **facts)  # a container's port has its runtime's owner
    # user@1000.service is the user's systemd itself: whatever runs outside any unit of its own.
    if holder.unit and not holder.unit.startswith("user@"):
        return bad(OTHER_UNIT, stop=(*systemctl(of_system=holder.of_system), "stop"), **facts)
    return bad(STRANGER, **facts)


def agreement(seen: Seen) -> Findings:
    """Whether we look where PicoClaw's own settings say that the gateway is."""
    settings, said = seen.settings, seen.picoclaw
    found = NOTHING
    own = settings.own_address.rpartition(":")[2]
    if own not in ("", str(settings.gateway_port)):
        key, where = f"{PREFIX}GATEWAY_PORT", seen.case.short(settings.own_source)
        facts = {"key": key, "value": own, "port": settings.gateway_port}
        found += warn(PORT_DIFFERS, env=seen.env, own=settings.own_address, source=where, **facts)
    if said is None:
        folder = os.path.dirname(seen.case.loaded.config_file)
        return found + warn(NO_CONFIG, folder=seen.case.short(folder))
    ports = (0, settings.line_webhook_port)
    if said.old_form and said.webhook_port not in ports and _serves_own_port(seen):
        key = f"{PREFIX}LINE_WEBHOOK_PORT"
        facts = {"key": key, "value": said.webhook_port, "port": settings.line_webhook_port}
        found += warn(HOOK_PORT_DIFFERS, env=seen.env, **facts)
    if said.webhook_path not in ("", settings.webhook_path):
        facts = {"key": f"{PREFIX}WEBHOOK_PATH", "value": said.webhook_path}
        found += warn(WEBHOOK_PATH, env=seen.env, path=settings.webhook_path, **facts)
    if said.line_enabled is False:
        config = seen.case.short(seen.case.loaded.config_file)
        found += warn(LINE_OFF, config=config)
    return found or good(AGREES)


def _serves_own_port(seen: Seen) -> bool:
    """Whether this release has a port for the webhook: newer ones keep the key and ignore it."""
    look = seen.look(Probe.WEBHOOK_LOCAL)
    return look.verdict is not Verdict.GOOD


def pid_file(seen: Seen) -> Findings:
    """PicoClaw 0.2.5 and later do not start while it names a living process."""
    stale = seen.stale_pid
    if stale is None:
        return good(PID_FINE)
    path = seen.case.short(stale.path)
    return bad(PID_STALE, Fix.MOVE_PID, stale.path, path=path, pid=stale.pid, program=stale.program)
