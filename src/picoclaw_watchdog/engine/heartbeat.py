"""The call to the dead-man's switch: the very last thing after a cycle, and never in its way."""

from collections.abc import Mapping

from picoclaw_watchdog.channels.heartbeat import Call, Health, call_for, health_of, is_due
from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import Moment, State, seconds_between
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.report import Report
from picoclaw_watchdog.ports import HttpFate, Network, Request, World

DEADLINE = 3.0  # seconds; a crash of the gateway meanwhile is seen right after
MARK = "heartbeat"  # in status.json: when the service was last called
_REMEDIES = {
    "en": {
        301: "use the address that it leads to",
        404: "there is no such check; copy the address again",
        409: "the name stands for several checks; use the address with the UUID",
        429: "called too often; raise PICOCLAW_WATCHDOG_INTERVAL_SEC",
        0: "the service is not well, or this is not its address",
    },
    "ja": {
        301: "転送先の URL を設定してください",
        404: "そのチェックは存在しません。URL をコピーし直してください",
        409: "同名のチェックが複数あります。UUID の URL を使ってください",
        429: "呼び出しが多すぎます。PICOCLAW_WATCHDOG_INTERVAL_SEC を大きくしてください",
        0: "サービスの障害か、URL の誤りです",
    },
}
_WELL = {"en": "all is well", "ja": "すべて正常です"}
_PAUSED = {"en": "paused", "ja": "一時停止中"}
_UNTOLD = {"en": "messages to the owner do not get through", "ja": "所有者への通知が届いていません"}


def mark(before: Mapping[str, object], now: Moment) -> tuple[float, bool]:
    """When the service is last called as of this cycle, and whether that is now.

    `before` is the snapshot of the last cycle. It is decided before anything is sent, so that
    a run that is killed does not call more often.
    """
    last = before.get(MARK)
    known = float(last) if isinstance(last, (int, float)) else None
    if known is None or is_due(known, now.wall):
        return round(now.wall, 3), True
    return known, False


def beat(settings: Settings, world: World, report: Report) -> None:
    """Tell the service how the host is. Takes 3 s at most; never raises; a failure is logged."""
    try:
        state, now = report.state, report.ended
        health = health_of(settings, state, now)
        text = words(settings, state, health)
        took = seconds_between(report.began, report.ended)
        call = call_for(settings.heartbeat_url, health, text, round(took * 1000))
        trouble = "" if call is None else send(settings, world.network, call)
    except Exception as error:  # noqa: BLE001  # the next cycle must run, whatever this was
        trouble = f"an error of our own: {type(error).__name__}"
    if trouble:
        world.log.write("WARN", "heartbeat", "NG", "beat", trouble)


def words(settings: Settings, state: State, health: Health) -> str:
    """What the service shows, in the owner's language and without a secret."""
    language = settings.language
    if health is Health.PAUSED:
        return _PAUSED[language]
    said = [_UNTOLD[language]] if health is Health.UNTOLD else []
    if state.incidents:
        from picoclaw_watchdog.core.wording import cause_words  # not needed on most days

        said += [cause_words(incident.cause, language) for incident in state.incidents]
    return "; ".join(said) or _WELL[language]


def send(settings: Settings, network: Network, call: Call) -> str:
    """Make the call; answers what went wrong, empty where nothing did."""
    headers = (("Content-Type", "text/plain; charset=utf-8"),) if call.body else ()
    body = call.body.encode("utf-8", "replace")
    request = Request(call.url, call.method, headers, body)
    answer = network.ask(request, min(DEADLINE, settings.external_timeout_sec))
    if answer.fate is not HttpFate.ANSWERED:
        return said(answer.detail, secrets_of(settings)) or answer.fate.value
    if 200 <= answer.status < 300:  # noqa: PLR2004
        return ""
    return f"HTTP {answer.status}: {remedy_for(answer.status, 'en')}"


def remedy_for(status: int, language: str) -> str:
    """What to do about an HTTP status that is no success."""
    known = _REMEDIES[language]
    return known.get(301 if 300 <= status < 400 else status, known[0])  # noqa: PLR2004
