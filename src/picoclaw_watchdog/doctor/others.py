"""The ways to tell beside LINE, and somebody outside who notices when this host is gone."""

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
from picoclaw_watchdog.doctor.seen import Seen

APPRISE = Words("the Apprise library is there", "Apprise ライブラリは導入済みです")
APPRISE_NOT = Words(
    "the channels of PICOCLAW_WATCHDOG_APPRISE_URLS need the Apprise library, which is not there",
    "PICOCLAW_WATCHDOG_APPRISE_URLS に必要な Apprise ライブラリがありません",
    "picoclaw-watchdog install",
)
APPRISE_UNSEEN = Words("whether Apprise is there is unknown", "Apprise の有無を確認できません")
REFUSED = Words(
    "{name} does not take messages: {why}",
    "{name} に通知を送れません: {why}",
    "picoclaw-watchdog notify-test --channel {name}",
)
TAKEN = Words("the other channels take messages", "他の通知先にも送れています")
WATCHED = Words(
    "a service outside is called after every cycle, and notices when this host is gone",
    "ホストごと止まっても外部サービスが気付きます",
)
UNWATCHED = Words(
    "nobody notices when the whole host is gone (PICOCLAW_WATCHDOG_HEARTBEAT_URL is not set)",
    "ホストごと止まると誰も気付きません (PICOCLAW_WATCHDOG_HEARTBEAT_URL が未設定)",
)


def apprise(seen: Seen) -> Findings:
    """Whether the optional library is there, where it is needed."""
    if not seen.settings.apprise_urls:
        return NOTHING
    if seen.has_apprise is None:
        return unknown(APPRISE_UNSEEN)
    return good(APPRISE) if seen.has_apprise else bad(APPRISE_NOT)


def couriers(seen: Seen) -> Findings:
    """What the last cycles had to say about them."""
    known = seen.snapshot.get("couriers")
    if not seen.settings.apprise_urls or not isinstance(known, list):
        return NOTHING
    troubled = [each for each in known if isinstance(each, dict) and each.get("trouble")]
    found = NOTHING
    for each in troubled:
        found += warn(REFUSED, name=each.get("name"), why=each["trouble"])
    return found or good(TAKEN)


def heartbeat(seen: Seen) -> Findings:
    """Whether somebody outside waits for a sign of life."""
    return good(WATCHED) if seen.settings.heartbeat_url else skipped(UNWATCHED)
