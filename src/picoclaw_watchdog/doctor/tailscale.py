"""Tailscale: the node, the Funnel, the right to mend it, and what can be seen from here."""

import datetime as dt
import re

from picoclaw_watchdog.core.model import Entry, Observation
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.doctor.finding import (
    NOTHING,
    Findings,
    Words,
    bad,
    good,
    skipped,
    unknown,
    warn,
)
from picoclaw_watchdog.doctor.seen import Seen, why
from picoclaw_watchdog.host.node import sight_of
from picoclaw_watchdog.host.proxy import is_tailnet
from picoclaw_watchdog.host.serve_config import HTTPS_PORT, address_of, parse
from picoclaw_watchdog.install.wording import ALLOW, BE_OPERATOR, PRICE
from picoclaw_watchdog.ports import Funnel, Node, Silence, Why
from picoclaw_watchdog.probes.funnel import best_way
from picoclaw_watchdog.recoveries import serving

OLDEST = (1, 52)  # the CLI for serve and funnel changed there
SUSPECT = ((1, 102, 0), (1, 102, 1))  # ingress nodes got no capability; 1.102.2 gives it
DAYS_SOON = 21
BAD_GATEWAY = 502
DAY = 86_400.0
NOTICES = ("update available", "is available", "new version", "security update")
LOGIN = "sudo tailscale up --force-reauth"

MISSING = Words(
    "tailscale is not installed, or not on PATH: the Funnel is not watched",
    "tailscale が見つからず、Funnel は監視されません",
    "install it: https://tailscale.com/download/linux",
    "https://tailscale.com/download/linux からインストールしてください",
)
SILENT = Words(
    "tailscale does not answer ({why}): how the Funnel stands is unknown",
    "tailscale が応答しません ({why})。Funnel の状態は不明です",
    "sudo systemctl restart tailscaled",
)
NOT_ASKED = Words(
    "this user may not ask tailscaled ({why}): how the Funnel stands is unknown",
    "このユーザーは tailscaled に問い合わせできません ({why})。Funnel の状態は不明です",
    "ls -l /run/tailscale/tailscaled.sock   (tailscaled itself makes it readable for everybody)",
    "ls -l /run/tailscale/tailscaled.sock で確認してください (本来は全員が読めます)",
)
DOWN = Words(
    "tailscaled does not run: Funnel, webhook and everything in the tailnet are away",
    "tailscaled が動いておらず、Funnel も Webhook も届きません",
    "sudo systemctl start tailscaled",
)
STATES = {
    Sight.LOGGED_OUT: Words(
        "Tailscale is logged out", "Tailscale からログアウトしています", "sudo tailscale up"
    ),
    Sight.KEY_EXPIRED: Words("the node's key has expired", "ノードのキーが期限切れです", LOGIN),
    Sight.NOT_APPROVED: Words(
        "the tailnet's administrator has not approved this machine",
        "このマシンは tailnet の管理者に承認されていません",
        "approve it at https://login.tailscale.com/admin/machines",
        "https://login.tailscale.com/admin/machines で承認してください",
    ),
    Sight.TAILSCALE_STOPPED: Words(
        "Tailscale is stopped", "Tailscale が停止しています", "sudo tailscale up"
    ),
}
STARTING = Words("Tailscale is starting ({state})", "Tailscale は起動中です ({state})")
RUNS = Words("Tailscale runs as {name}", "Tailscale は {name} として動作中")
OFFLINE = Words(
    "this node has no connection to Tailscale's control server",
    "Tailscale の管理サーバーに接続していません",
    "tailscale netcheck",
)
VERSION = Words("Tailscale {version}", "Tailscale {version}")
VERSION_OLD = Words(
    "Tailscale {version} has no `funnel --bg`: the Funnel cannot be mended with it",
    "Tailscale {version} には `funnel --bg` がなく、Funnel を復旧できません",
    "sudo apt update && sudo apt install --only-upgrade tailscale",
)
VERSION_SUSPECT = Words(
    "Tailscale {version} is reported to break Funnel on several nodes",
    "Tailscale {version} は Funnel が動かなくなるとの報告があります",
    "sudo apt update && sudo apt install --only-upgrade tailscale",
)
EXPIRES_SOON = Words(
    "the node's key expires in {days} days: then webhook and Funnel stop. For good: disable key "
    "expiry at https://login.tailscale.com/admin/machines",
    "ノードのキーはあと {days} 日で切れ、Webhook と Funnel が止まります。"
    "https://login.tailscale.com/admin/machines で期限を無効にできます",
    LOGIN,
)
EXPIRES = Words("the node's key is good for {days} days", "ノードのキーはあと {days} 日有効です")
EXPIRES_NEVER = Words("the node's key does not expire", "ノードのキーに期限はありません")
EXPIRY_UNREAD = Words("when the node's key expires is unknown", "ノードのキーの期限が不明です")
ALLOWED = Words("the tailnet allows Funnel and HTTPS", "tailnet で Funnel と HTTPS が許可済みです")
FORBIDDEN = Words(
    "the tailnet does not allow this node {what}",
    "tailnet がこのノードに {what} を許可していません",
    "open https://tailscale.com/s/no-funnel and enable it for this node",
    "https://tailscale.com/s/no-funnel を開き、このノードに許可してください",
)
FORBIDDEN_HTTPS = Words(
    "HTTPS is not enabled in the tailnet, and Funnel needs it",
    "tailnet で HTTPS が無効です。Funnel に必要です",
    "open https://tailscale.com/s/https and enable HTTPS",
    "https://tailscale.com/s/https を開き、HTTPS を有効にしてください",
)
ALLOWED_UNSAID = Words("what the tailnet allows is unknown", "tailnet の許可状況が不明です")
FUNNEL_ON = Words("Funnel is on at {where}", "Funnel は {where} で有効です")
FUNNEL_OFF = Words(
    "no Funnel leads to port {port}: LINE reaches nobody",
    "ポート {port} への Funnel がなく、LINE から届きません",
    "{command}",
)
FUNNEL_BLOCKED = Words(
    "no Funnel leads to port {port}, and publishing it would change what is not its own: {others}",
    "ポート {port} への Funnel がなく、公開するとほかの設定が変わります: {others}",
    "move that to another port first, then: {command}",
    "先にそれを別のポートへ移し、その後: {command}",
)
FUNNEL_ELSEWHERE = Words(
    "Funnel is on, but leads elsewhere ({where}), not to port {port}",
    "Funnel は有効ですが、ポート {port} ではなく別の先 ({where}) です",
    "{command}",
)
FUNNEL_THROUGH = Words(
    "Funnel leads to the webhook through another program: {where}",
    "Funnel は別のプログラムを経由して Webhook に届きます: {where}",
)
FUNNEL_FOREGROUND = Words(
    "Funnel runs in the foreground of a terminal and ends with it",
    "Funnel が端末のフォアグラウンドで動いており、端末とともに終わります",
    "end it there, then: {command}",
    "そこで終了し、その後: {command}",
)
FUNNEL_RENAMED = Words(
    "Funnel is set up for {where}, but this node is now {name}",
    "Funnel は {where} 用ですが、このノードの名前は {name} です",
    "{command}",
)
MAY = Words("the Funnel can be mended ({how})", "Funnel を復旧できます ({how})")
MAY_NOT = Words(
    "a lost Funnel cannot be restored without a password; this allows exactly one command",
    "パスワードなしでは Funnel を復旧できません。次のコマンドは必要な 1 つだけを許可します",
    ALLOW,
)
MAY_NOT_SAY = Words(
    "a lost Funnel cannot be restored without a password, and sudoers cannot allow it exactly "
    "here. An operator can; the price: " + PRICE.en,
    "パスワードなしでは Funnel を復旧できず、ここでは sudoers で厳密に許可できません。operator なら"
    "可能ですが、" + PRICE.ja,
    BE_OPERATOR,
)
UNWELL = Words(
    "Tailscale itself complains: {why}",
    "Tailscale の警告: {why}",
    "tailscale status",
)
WELL = Words("Tailscale has no complaints", "Tailscale の警告はありません")
NOT_PUBLIC = Words(
    "no public address is known: it is not looked at",
    "公開 URL が不明なため、確認していません",
)
MAGIC = Words(
    "from this host {name} is its own tailnet address: that test stays inside and proves no Funnel",
    "このホストでは {name} が自分の tailnet アドレスになり、Funnel の確認になりません",
    "write PICOCLAW_WATCHDOG_PROBE_LINE_WEBHOOK_TEST=true (or ..._PROBE_PUBLIC_DNS=true) in {env}",
    "{env} に PICOCLAW_WATCHDOG_PROBE_LINE_WEBHOOK_TEST=true "
    "(または PICOCLAW_WATCHDOG_PROBE_PUBLIC_DNS=true) と書いてください",
)
MAGIC_KNOWN = Words(
    "{name} is this host's own address here; another probe looks from outside",
    "{name} はこのホスト自身ですが、外からの確認が有効です",
)
REACHED = Words("{url} answers as it should", "{url} は正しく応答します")
REFUSED = Words(
    "{url} is refused on the way ({why}): Tailscale's public side lets nobody through to this "
    "node. If a restart does not help, take the funnel attribute off this node and put it on "
    "again at https://login.tailscale.com/admin/acls",
    "{url} は途中で拒否されます ({why})。Tailscale の公開側がこのノードへ通していません。再起動で"
    "直らなければ、https://login.tailscale.com/admin/acls で funnel 属性を外して付け直してください",
    "sudo systemctl restart tailscaled",
)
DEAD_BEHIND = Words(
    "{url} answers 502: the Funnel works, and nobody answers behind it on port {port}",
    "{url} が 502 を返します。Funnel は有効ですが、ポート {port} が応答しません",
    "{systemctl} restart {gateway}",
)
WRONG_MOUNT = Words(
    "{url} answers 404: the Funnel leads to another path or program",
    "{url} が 404 を返します。Funnel の先が別のパスまたはプログラムです",
    "tailscale funnel status",
)
UNREACHED = Words(
    "{url} does not answer as it should: {why}",
    "{url} が正しく応答しません: {why}",
    "picoclaw-watchdog doctor --webhook-test",
)
NAME_UNKNOWN = Words(
    "the public name {name} has no address",
    "公開名 {name} のアドレスが見つかりません",
    "tailscale funnel status   (a new name can need an hour)",
    "tailscale funnel status で確認してください (新しい名前は 1 時間ほどかかることがあります)",
)


def daemon(seen: Seen) -> Findings:
    """Installed, answering, logged in."""
    node = seen.node
    if isinstance(node, Silence):
        if node.why is Why.MISSING:
            return bad(MISSING)
        if node.why is Why.DENIED:
            return unknown(NOT_ASKED, why=node.detail)
        if node.why is Why.DOWN:
            return bad(DOWN)
        return unknown(SILENT, why=node.detail)
    sight = sight_of(node)
    if sight in STATES:
        return bad(STATES[sight])
    if node.state != "Running":
        return unknown(STARTING, state=node.state)
    return good(RUNS, name=node.dns_name) if node.online else warn(OFFLINE)


def tailscale_version(seen: Seen) -> Findings:
    """New enough, and not one that is known to fail."""
    if isinstance(seen.node, Silence) or not seen.node.version:
        return NOTHING
    text = seen.node.version.partition("-")[0]
    number = tuple(int(part) for part in re.findall(r"\d+", text))
    if number < OLDEST:
        return bad(VERSION_OLD, version=text)
    return warn(VERSION_SUSPECT, version=text) if number in SUSPECT else good(VERSION, version=text)


def key_expiry(seen: Seen) -> Findings:
    """How long the node's key is good."""
    node = seen.node
    if isinstance(node, Silence) or node.state != "Running" or node.expired:
        return NOTHING
    if not node.key_expiry or node.key_expiry.startswith("0001-"):
        return good(EXPIRES_NEVER)
    try:
        end = dt.datetime.fromisoformat(node.key_expiry).timestamp()
    except ValueError:
        return unknown(EXPIRY_UNREAD)
    days = int((end - seen.now.wall) // DAY)
    return warn(EXPIRES_SOON, days=days) if days < DAYS_SOON else good(EXPIRES, days=days)


def capability(seen: Seen) -> Findings:
    """What the tailnet's administrator allows."""
    node = seen.node
    if isinstance(node, Silence) or node.state != "Running":
        return NOTHING
    if node.can_https is False:
        return bad(FORBIDDEN_HTTPS)
    if node.can_funnel is False:
        return bad(FORBIDDEN, what="Funnel")
    return unknown(ALLOWED_UNSAID) if node.can_funnel is None else good(ALLOWED)


def complaints(seen: Seen) -> Findings:
    """Tailscale's own health messages, but for news of updates."""
    node = seen.node
    if isinstance(node, Silence) or node.state != "Running":
        return NOTHING
    serious = [line for line in node.health if not any(word in line.lower() for word in NOTICES)]
    return warn(UNWELL, why="; ".join(serious)) if serious else good(WELL)


def funnel(seen: Seen) -> Findings:
    """Whether the webhook is published."""
    said = seen.funnel
    if isinstance(said, Silence):
        both = isinstance(seen.node, Silence)  # then it is said of the node
        return NOTHING if both else unknown(SILENT, why=said.detail)
    if said.trouble is not None:
        return NOTHING  # how the node stands is said elsewhere
    facts = {"port": local_port(seen), "command": publishing(seen)}
    way = best_way(said, seen.settings)
    names = dict.fromkeys(each.host.lower() for each in said.entries if each.public and each.host)
    name = seen.node.dns_name if isinstance(seen.node, Node) else ""
    if name and names and name.lower() not in names:
        return bad(FUNNEL_RENAMED, name=name, where=", ".join(names), **facts)
    if way is not None:
        if way.entry.foreground:
            return warn(FUNNEL_FOREGROUND, **facts)
        return good(FUNNEL_ON if way.direct else FUNNEL_THROUGH, where=way.url)
    if any(each.foreground and each.public for each in said.entries):
        return warn(FUNNEL_FOREGROUND, **facts)
    others = in_the_way(said, seen)
    if others:
        return bad(FUNNEL_BLOCKED, others="; ".join(others), **facts)
    public = ", ".join(dict.fromkeys(address_of(each) for each in said.entries if each.public))
    return bad(FUNNEL_ELSEWHERE, where=public, **facts) if public else bad(FUNNEL_OFF, **facts)


def local_port(seen: Seen) -> int:
    """Where the webhook is served: stock releases use the gateway's own port."""
    shared = seen.look(Probe.WEBHOOK_LOCAL).sight is Sight.SHARED_PORT
    return seen.settings.gateway_port if shared else seen.settings.line_webhook_port


def _wanted(seen: Seen) -> Entry:
    """The entry that would publish the webhook."""
    name = seen.node.dns_name if isinstance(seen.node, Node) else ""
    return Entry(name, HTTPS_PORT, "/", f"http://127.0.0.1:{local_port(seen)}")


def publishing(seen: Seen) -> tuple[str, ...]:
    """The words of the command that would publish the webhook."""
    operator = seen.rights is not None and seen.rights.operator
    return serving.publishing(_wanted(seen), as_root=not operator)


def in_the_way(said: Funnel, seen: Seen) -> tuple[str, ...]:
    """What of others publishing the webhook would change."""
    wanted = _wanted(seen)
    effect = serving.effect(parse(said.raw) or {}, wanted, name=wanted.host)
    return tuple(dict.fromkeys(each.line for each in effect))


def rights(seen: Seen) -> Findings:
    """Whether we may mend it."""
    may, user = seen.rights, seen.case.user
    if may is None or (isinstance(seen.node, Silence) and not may.allowed):
        return NOTHING  # a silent tailscaled does not say who its operator is
    if not may.allowed:
        return bad(MAY_NOT if may.line else MAY_NOT_SAY, user=user, line=may.line)
    return good(MAY, how="operator" if may.operator else "sudo")


def public(seen: Seen) -> Findings:
    """What can be seen from here of the public address."""
    there, look = seen.public, seen.look(Probe.WEBHOOK_PUBLIC)
    if there is None:
        return NOTHING
    if not there.url:
        return skipped(NOT_PUBLIC)
    url = there.url
    name = url.partition("://")[2].partition("/")[0]
    if not there.addresses:
        return bad(NAME_UNKNOWN, name=name)
    if any(map(is_tailnet, there.addresses)):
        settings = seen.settings
        if settings.probe_line_webhook_test or settings.probe_public_dns:
            return good(MAGIC_KNOWN, name=name)
        return warn(MAGIC, name=name, env=seen.env)
    if look.verdict is Verdict.UNKNOWN:
        return unknown(UNREACHED, url=url, why=why(look))
    return _judged(seen, look, there.url) if look.verdict is Verdict.BAD else good(REACHED, url=url)


def _judged(seen: Seen, look: Observation, url: str) -> Findings:
    """What a bad answer of the public address says about where it breaks."""
    settings = seen.settings
    if seen.is_bad(Probe.WEBHOOK_LOCAL) or seen.gateway_is_down:
        return NOTHING  # it is dead on this host already
    if look.status == BAD_GATEWAY:
        port = settings.line_webhook_port
        return bad(DEAD_BEHIND, url=url, port=port, **seen.gateway_facts)
    if look.sight is Sight.NOT_FOUND:
        return bad(WRONG_MOUNT, url=url)
    refused = look.sight in (Sight.TLS_FAILED, Sight.NOT_HTTP)
    return bad(
        REFUSED if refused and url.startswith("https:") else UNREACHED, url=url, why=why(look)
    )
