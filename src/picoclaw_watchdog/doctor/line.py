"""LINE: will the owner be told, and does LINE deliver to the webhook?"""

from typing import Any

from picoclaw_watchdog.doctor.finding import (
    NOTHING,
    Findings,
    Words,
    bad,
    good,
    unknown,
    warn,
)
from picoclaw_watchdog.doctor.seen import Seen
from picoclaw_watchdog.ports import Answer, HttpFate
from picoclaw_watchdog.probes.http_sights import document
from picoclaw_watchdog.settings.values import is_recipient

TOKEN_KEY = "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN"  # noqa: S105 - a key's name
CONSOLE = "https://developers.line.biz/console/"
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 200, 401, 403, 404
FEW = 20  # messages
AGAIN = "picoclaw-watchdog init"

OFF = Words(
    "LINE messages are off: nobody is told anything",
    "LINE 通知は無効で、何が起きても知らされません",
    AGAIN,
)
NO_TOKEN = Words(
    "no channel access token is set",
    "チャネルアクセストークンが設定されていません",
    AGAIN,
)
TOKEN_GOOD = Words("the token is that of {name}", "トークンは {name} のものです")
TOKEN_BAD = Words(
    "LINE refuses the channel access token: it is wrong, expired or revoked. Issue a new one at "
    + CONSOLE,
    "LINE がトークンを拒否しました (誤り、期限切れ、または失効)。再発行: " + CONSOLE,
    AGAIN,
)
TOKEN_FORBIDDEN = Words(
    "LINE does not allow this account the Messaging API",
    "このアカウントは Messaging API を使えません",
    "look at the channel at " + CONSOLE,
    CONSOLE + " でチャネルを確認してください",
)
SILENT = Words(
    "LINE did not say ({why}): whether the token is good is unknown",
    "LINE から応答がなく ({why})、トークンを確認できません",
)
NO_RECIPIENT = Words(
    "nobody to tell: PICOCLAW_WATCHDOG_LINE_NOTIFY_TO is not set",
    "通知先 PICOCLAW_WATCHDOG_LINE_NOTIFY_TO が設定されていません",
    AGAIN,
)
NO_ID = Words(
    "PICOCLAW_WATCHDOG_LINE_NOTIFY_TO is no LINE ID (U, C or R and 32 of 0-9 a-f)",
    "PICOCLAW_WATCHDOG_LINE_NOTIFY_TO が LINE の ID ではありません (U・C・R と 0-9 a-f の 32 桁)",
    AGAIN,
)
ITSELF = Words(
    "the recipient is the bot itself, which cannot write to itself: put your own ID there, "
    '"Your user ID" at ' + CONSOLE,
    "通知先がボット自身の ID です。自分には送れません。あなたのユーザー ID: " + CONSOLE,
    AGAIN,
)
STRANGER = Words(
    "LINE does not know the recipient as a friend of this bot: not added, blocked, or the ID is "
    "from another provider (IDs differ for every provider). Add the bot as a friend in LINE",
    "通知先はこのボットの友だちではありません (未追加、ブロック、または別プロバイダーの ID。ID は"
    "プロバイダーごとに異なります)。LINE でボットを友だちに追加してください",
    AGAIN,
)
NO_MEMBER = Words(
    "the bot is no member of that group or chat",
    "ボットはそのグループまたはトークに参加していません",
    "invite the bot into the group",
    "ボットをグループに招待してください",
)
RECIPIENT = Words("the recipient can be reached{name}", "通知先に届きます{name}")
RECIPIENT_UNSEEN = Words(
    "whether the recipient can be reached is unknown", "通知先の確認ができません"
)
GROUP_COSTS = Words(
    "the recipient is a group: each message costs one for every member",
    "通知先がグループのため、1 回の通知で人数分の通数を使います",
)
QUOTA = Words(
    "{left} of {limit} messages are left this month", "今月の残りは {limit} 通中 {left} 通です"
)
QUOTA_FREE = Words("the month's messages are not limited", "月の通数に上限はありません")
QUOTA_SHORT = Words(
    "only {left} of {limit} messages are left this month: the gravest go first",
    "今月の残りは {limit} 通中 {left} 通だけです。重大なものを優先します",
    "a larger plan: https://manager.line.biz/",
    "プランの変更: https://manager.line.biz/",
)
QUOTA_SPENT = Words(
    "the {limit} messages of this month are used up: nobody is told anything by LINE",
    "今月の {limit} 通を使い切りました。LINE では何も知らせられません",
    "a larger plan: https://manager.line.biz/",
    "プランの変更: https://manager.line.biz/",
)
QUOTA_UNSEEN = Words("how many messages are left is unknown", "残り通数を確認できません")
HOOK_ON = Words("LINE delivers to {url}", "LINE の配信先は {url} です")
HOOK_OFF = Words(
    '"Use webhook" is off at LINE: it delivers nothing, whatever works here',
    "LINE 側で「Webhook の利用」がオフのため、何も届きません",
    'switch on "Use webhook" at ' + CONSOLE + " (Messaging API)",
    CONSOLE + " の Messaging API 設定で「Webhook の利用」をオンにしてください",
)
HOOK_NONE = Words(
    "no webhook URL is set at LINE",
    "LINE に Webhook URL が設定されていません",
    "set it to {ours} at " + CONSOLE + " (Messaging API)",
    CONSOLE + " の Messaging API 設定で {ours} を設定してください",
)
HOOK_ELSEWHERE = Words(
    "LINE delivers to {url}, but the Funnel is at {ours}",
    "LINE の配信先は {url} ですが、Funnel は {ours} です",
    "set it to {ours} at " + CONSOLE + " (Messaging API)",
    CONSOLE + " の Messaging API 設定で {ours} に変えてください",
)
HOOK_UNSEEN = Words("where LINE delivers to is unknown", "LINE の配信先を確認できません")
TEST_GOOD = Words(
    "LINE's own test of the webhook succeeded", "LINE からの Webhook テストに成功しました"
)
TEST_BAD = Words(
    "LINE cannot reach the webhook: {why}",
    "LINE から Webhook に届きません: {why}",
    "tailscale funnel status",
)
TEST_UNSEEN = Words("LINE did not make the test ({why})", "LINE がテストに応じませんでした ({why})")
REFUSED = Words(
    "LINE refused the last message: {why}",
    "LINE が前回の通知を拒否しました: {why}",
    "picoclaw-watchdog notify-test",
)
WAITING = Words(
    "{number} messages wait to be delivered",
    "未配信の通知が {number} 件あります",
    "picoclaw-watchdog status",
)
DELIVERED = Words("no message waits", "未配信の通知はありません")


def switch(seen: Seen) -> Findings:
    """Whether anybody is told."""
    settings = seen.settings
    if not settings.line_notify_enabled:
        return NOTHING if settings.apprise_urls else warn(OFF)
    return NOTHING if settings.line_channel_access_token else bad(NO_TOKEN)


def token(seen: Seen) -> Findings:
    """Whether LINE takes it."""
    if not seen.settings.line_channel_access_token:
        return NOTHING
    info = seen.line.info
    if info is None or info.fate is not HttpFate.ANSWERED:
        return unknown(SILENT, why=_why(info))
    if info.status == UNAUTHORIZED:
        return bad(TOKEN_BAD)
    if info.status == FORBIDDEN:
        return bad(TOKEN_FORBIDDEN)
    if info.status != OK:
        return unknown(SILENT, why=info.status)
    said = document(info)
    return good(TOKEN_GOOD, name=said.get("displayName") or said.get("basicId") or "?")


def recipient(seen: Seen) -> Findings:
    """Whether the owner can be reached under that ID."""
    settings = seen.settings
    to = settings.line_notify_to
    if not settings.line_notify_enabled or not settings.line_channel_access_token:
        return NOTHING
    if not to:
        return bad(NO_RECIPIENT)
    if not is_recipient(to):
        return bad(NO_ID)
    if _said(seen.line.info).get("userId") == to:
        return bad(ITSELF)
    answer = seen.line.recipient
    if answer is not None and answer.status == NOT_FOUND:
        return bad(STRANGER if to.startswith("U") else NO_MEMBER)
    if not _is_ok(answer):  # where LINE says nothing at all, that is said of the token
        return unknown(RECIPIENT_UNSEEN) if _is_ok(seen.line.info) else NOTHING
    if not to.startswith("U"):
        return good(GROUP_COSTS)
    name = _said(answer).get("displayName")
    return good(RECIPIENT, name=f": {name}" if name else "")


def quota(seen: Seen) -> Findings:
    """What the month still allows."""
    if not _is_ok(seen.line.info):
        return NOTHING
    limit, used = _said(seen.line.quota), _said(seen.line.used).get("totalUsage")
    if limit.get("type") == "none":
        return good(QUOTA_FREE)
    most = limit.get("value")
    if not isinstance(most, int) or not isinstance(used, int):
        return unknown(QUOTA_UNSEEN)
    left = max(0, most - used)
    if not left:
        return bad(QUOTA_SPENT, limit=most)
    few = left < max(FEW, seen.settings.line_quota_reserve)
    return (warn if few else good)(QUOTA_SHORT if few else QUOTA, left=left, limit=most)


def webhook_at_line(seen: Seen) -> Findings:
    """Whether LINE delivers, and to where."""
    if not _is_ok(seen.line.info):
        return NOTHING
    answer = seen.line.endpoint
    ours = seen.public.url if seen.public else ""
    if answer is not None and answer.status == NOT_FOUND:
        return bad(HOOK_NONE, ours=ours or "https://...")
    if not _is_ok(answer):
        return unknown(HOOK_UNSEEN)
    said = _said(answer)
    url = str(said.get("endpoint") or "")
    if not url:
        return bad(HOOK_NONE, ours=ours or "https://...")
    if said.get("active") is False:
        return bad(HOOK_OFF)
    if ours.startswith("https://") and _plain(url) != _plain(ours):
        return bad(HOOK_ELSEWHERE, url=url, ours=ours)
    return good(HOOK_ON, url=url)


def webhook_test(seen: Seen) -> Findings:
    """LINE's own look at it, where the owner asked for it."""
    if not seen.case.webhook_test or not seen.settings.line_channel_access_token:
        return NOTHING
    answer = seen.line.test
    if not _is_ok(answer):
        return unknown(TEST_UNSEEN, why=_why(answer))
    said = _said(answer)
    success = said.get("success")
    if success is True or (success is None and said.get("statusCode") == OK):
        return good(TEST_GOOD)
    words = (said.get("reason"), said.get("statusCode"), said.get("detail"))
    return bad(TEST_BAD, why=" ".join(str(word) for word in words if word))


def delivery(seen: Seen) -> Findings:
    """What the last cycles had to say about it."""
    if not seen.settings.line_notify_enabled or not seen.snapshot:
        return NOTHING
    trouble, waiting = seen.snapshot.get("channel_trouble"), seen.snapshot.get("waiting_messages")
    if trouble:
        return bad(REFUSED, why=trouble)
    return warn(WAITING, number=waiting) if waiting else good(DELIVERED)


def _is_ok(answer: Answer | None) -> bool:
    return answer is not None and answer.fate is HttpFate.ANSWERED and answer.status == OK


def _said(answer: Answer | None) -> dict[str, Any]:
    return document(answer) if answer is not None and _is_ok(answer) else {}


def _why(answer: Answer | None) -> str:
    if answer is None:
        return "no answer in time"
    return str(answer.status) if answer.status else answer.detail or answer.fate.value


def _plain(url: str) -> str:
    """An address, so that two ways to write the same one are equal."""
    scheme, _, rest = url.strip().partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower().removesuffix(':443')}{slash}{path}".rstrip("/")
