"""Ollama: reachable, the right one, with the models that are needed."""

from http import HTTPStatus

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

LOCAL = ("127.0.0.1", "localhost", "[::1]")
KEY = "PICOCLAW_WATCHDOG_OLLAMA_MODELS_URL"

OFF = Words("Ollama is not looked at (OLLAMA_MODELS_URL is empty)", "Ollama の確認は無効です")
ANSWERS = Words("Ollama answers at {host}", "Ollama は {host} で応答しています")
REFUSED_HERE = Words(
    "nobody listens at {host}: Ollama does not run",
    "{host} で Ollama が動いていません",
    "sudo systemctl restart ollama",
)
REFUSED_THERE = Words(
    "{host} refuses: Ollama is stopped there, or listens on 127.0.0.1 only",
    "{host} に拒否されました。Ollama が停止中か、127.0.0.1 だけで待ち受けています",
    "on that machine: set OLLAMA_HOST=0.0.0.0 and restart Ollama",
    "そのマシンで OLLAMA_HOST=0.0.0.0 を設定し、Ollama を再起動してください",
)
FORBIDDEN = Words(
    "Ollama at {host} answers 403: it does not accept that host name",
    "{host} の Ollama が 403 を返します (ホスト名を受け付けていません)",
    "write its IP address in {key}",
    "{key} に IP アドレスで書いてください",
)
BAD = Words(
    "Ollama at {host} does not answer as it should: {why}",
    "{host} の Ollama が正しく応答しません: {why}",
    "curl -m 5 {url}",
)
UNSEEN = Words("whether Ollama answers at {host} is unknown", "{host} の Ollama を確認できません")
MODELS = Words("the required models are there", "必要なモデルは揃っています")
MODELS_MISSING = Words(
    "Ollama lacks required models: {names}",
    "Ollama に必要なモデルがありません: {names}",
    "ollama pull {first}",
)
MODELS_UNSEEN = Words(
    "whether the required models are there is unknown", "モデルの有無を確認できません"
)
SAME = Words("the gateway uses the Ollama that is watched", "Gateway も同じ Ollama を使っています")
OTHER = Words(
    "config.json has the gateway use Ollama at {theirs}, but {host} is watched",
    "config.json の Ollama は {theirs} ですが、監視対象は {host} です",
    "write {key}={theirs}/v1/models in {env}",
    "{env} に {key}={theirs}/v1/models と書いてください",
)


def reachable(seen: Seen) -> Findings:
    """Whether it answers."""
    url = seen.settings.ollama_models_url
    if not url:
        return skipped(OFF)
    host, look = _host(url), seen.look(Probe.OLLAMA)
    if look.verdict is Verdict.UNKNOWN:
        return unknown(UNSEEN, host=host)
    if look.verdict is Verdict.GOOD:
        return good(ANSWERS, host=host)
    if look.sight is Sight.REFUSED:
        here = host.rpartition(":")[0] in LOCAL
        return bad(REFUSED_HERE if here else REFUSED_THERE, host=host)
    if look.status == HTTPStatus.FORBIDDEN:
        return bad(FORBIDDEN, host=host, key=KEY)
    return bad(BAD, host=host, url=url, why=why(look))


def models(seen: Seen) -> Findings:
    """Whether it has what the owner says is needed."""
    look = seen.look(Probe.MODELS)
    if not seen.settings.ollama_required_models:
        return NOTHING
    if look.verdict is Verdict.UNKNOWN:
        return unknown(MODELS_UNSEEN)
    if look.verdict is Verdict.GOOD:
        return good(MODELS)
    return bad(MODELS_MISSING, names=look.detail, first=look.detail.partition(",")[0])


def same_one(seen: Seen) -> Findings:
    """Whether the gateway uses the one that is watched."""
    url, said = seen.settings.ollama_models_url, seen.picoclaw
    if not url or said is None or not said.ollama:
        return NOTHING
    if any(is_same_place(base, url) for base in said.ollama):
        return good(SAME)
    return warn(OTHER, theirs=said.ollama[0], host=_host(url), key=KEY, env=seen.env)


def is_same_place(one: str, other: str) -> bool:
    """Whether two addresses lead to the same Ollama."""
    return _host(one) == _host(other)


def _host(url: str) -> str:
    """HOST:PORT, with one name for this machine."""
    scheme, _, rest = url.partition("://")
    where = rest.partition("/")[0].rpartition("@")[2].lower()
    has_port = ":" in where.rpartition("]")[2]
    if not has_port:
        where += ":443" if scheme == "https" else ":80"
    name, _, port = where.rpartition(":")
    return f"127.0.0.1:{port}" if name in LOCAL else where
