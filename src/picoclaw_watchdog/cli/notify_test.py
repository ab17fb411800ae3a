"""`picoclaw-watchdog notify-test`: a message through every channel, now, and what came of it."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

from picoclaw_watchdog.channels.apprise import MISSING
from picoclaw_watchdog.channels.heartbeat import Health, call_for
from picoclaw_watchdog.cli.arguments import Known, misused, typed_for
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.core.couriers import addresses
from picoclaw_watchdog.core.model import Receipt
from picoclaw_watchdog.core.reasons import Fate
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.engine.heartbeat import remedy_for, send
from picoclaw_watchdog.engine.tell import COURIER_TIMEOUTS, LINE
from picoclaw_watchdog.engine.wiring import build
from picoclaw_watchdog.ports import Channel, World
from picoclaw_watchdog.terminal.paint import Sign, Style, Terminal, show, terminal_of

ALL_TOOK_IT = 0
NOT_ALL = 1
NO_CHANNEL = 3
HEARTBEAT = "heartbeat"

KNOWN = Known(valued=frozenset({"--channel"}))
HELP = {
    "en": Help(
        usage="picoclaw-watchdog notify-test [--channel NAME]",
        about="Sends a test message through every channel now and reports the result. It "
        "starts no cooldown and costs one of LINE's messages of the month; where few are left, "
        "LINE is only tried when it is named.",
        options=(
            ("--channel NAME", "only this one: line, heartbeat, or a scheme such as tgram"),
            ("--color WHEN", "auto, always or never; NO_COLOR counts too"),
        ),
        statuses=(
            ("0", "every channel accepted it"),
            ("1", "not every channel did"),
            ("2", "wrong usage or settings"),
            ("3", "no channel is set up"),
        ),
        examples=("picoclaw-watchdog notify-test --channel line",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog notify-test [--channel 名前]",
        about="すべての通知先に今すぐテストを送り、結果を表示します。通知間隔には影響しません。"
        "LINE では今月の 1 通を使います。残りが少ないときは、名前を指定した場合だけ送ります。",
        options=(
            ("--channel 名前", "この通知先だけ(line、heartbeat、または tgram などのスキーム)"),
            ("--color WHEN", "auto、always、never のいずれか（NO_COLOR も有効）"),
        ),
        statuses=(
            ("0", "すべてに送れた"),
            ("1", "送れないものがあった"),
            ("2", "使い方か設定の誤り"),
            ("3", "通知先がない"),
        ),
        examples=("picoclaw-watchdog notify-test --channel line",),
    ),
}
SAY = {
    "en": {
        "title": "[{host}] This is a test",
        "body": "Messages from the watchdog arrive here.\nMore: picoclaw-watchdog status",
        "sent": "sent",
        "beat": "called",
        "not": "NOT sent: {why}",
        "to_do": "to do: ",
        "nobody": "no channel is set up: picoclaw-watchdog init",
        "unknown": "there is no channel {0!r}; there are: {1}",
        "short": "skipped: {left} of this month's messages left, kept for the gravest",
        "spent": "this month's messages are used up",
        "line_hint": "accepted by LINE; if nothing arrives, the bot is blocked there",
    },
    "ja": {
        "title": "[{host}] テストです",
        "body": "監視からの通知はここに届きます。\n詳細: picoclaw-watchdog status",
        "sent": "送信しました",
        "beat": "呼び出しました",
        "not": "送れませんでした: {why}",
        "to_do": "対処: ",
        "nobody": "通知先がありません: picoclaw-watchdog init",
        "unknown": "{0!r} という通知先はありません。あるもの: {1}",
        "short": "見送りました: 今月の残り {left} 通は重大な通知のために残します",
        "spent": "今月の通数を使い切りました",
        "line_hint": "LINE は受け付けました。届かなければ、ボットがブロックされています",
    },
}
CONSOLE = "https://developers.line.biz/console/"
# What to do about LINE's answers, by status; 0: there was none.
LINE_REMEDIES = {
    "en": {
        400: "the recipient is not a friend of this bot, or PICOCLAW_WATCHDOG_LINE_NOTIFY_TO is "
        "of another provider: add the bot as a friend, copy your user ID from " + CONSOLE,
        401: "issue a new channel access token at " + CONSOLE + " and put it into .env",
        403: "this account or plan may not push messages: look at " + CONSOLE,
        429: "LINE is asked too often: try again in a minute",
        500: "LINE itself is not well: try again later",
        0: "is the network there? picoclaw-watchdog doctor",
    },
    "ja": {
        400: "通知先がこのボットの友だちでないか、別プロバイダーの ID です。"
        "ボットを友だちに追加し、"
        + CONSOLE
        + " のユーザー ID を PICOCLAW_WATCHDOG_LINE_NOTIFY_TO に書いてください",
        401: CONSOLE + " でチャネルアクセストークンを再発行し、.env に書いてください",
        403: "このアカウントまたはプランでは送信できません: " + CONSOLE,
        429: "要求が多すぎます。1 分後にもう一度試してください",
        500: "LINE 側の障害です。後でもう一度試してください",
        0: "ネットワークを確認してください: picoclaw-watchdog doctor",
    },
}
QUOTA_REMEDY = {
    "en": "wait for the new month, or take a larger plan: https://manager.line.biz/",
    "ja": "翌月まで待つか、プランを変更してください: https://manager.line.biz/",
}
REMEDIES = {
    "en": {
        Fate.REFUSED: "mend its address in PICOCLAW_WATCHDOG_APPRISE_URLS",
        Fate.NOT_SENT: "is its server there? is the address right?",
        Fate.SILENT: "it may have arrived; if not, its server takes messages and does not answer",
        Fate.TRY_LATER: "try again in a minute",
    },
    "ja": {
        Fate.REFUSED: "PICOCLAW_WATCHDOG_APPRISE_URLS の URL を直してください",
        Fate.NOT_SENT: "サーバーと URL を確認してください",
        Fate.SILENT: "届いた可能性もあります。届いていなければ、サーバーが応答していません",
        Fate.TRY_LATER: "1 分後にもう一度試してください",
    },
}
INSTALL = "picoclaw-watchdog install"


class Result(NamedTuple):
    """What came of one channel."""

    name: str
    good: bool
    said: str
    remedy: str = ""


class Trial(NamedTuple):
    """One channel that was started: its result may have to be waited for."""

    name: str
    finish: Callable[[], Result]


def main(arguments: list[str]) -> int:
    """Try every channel, or the one that is named."""
    asked = typed_for("notify-test", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    settings, typed = asked
    world, say = build(settings, os.environ), SAY[settings.language]
    names = channel_names(settings)
    on = terminal_of(sys.stdout, os.environ, typed.colour)
    wanted = typed.values.get("--channel", "")
    if wanted and wanted not in names:
        known = ", ".join(names) or "-"
        sentence = say["unknown"].format(wanted, known)
        return misused("notify-test", sentence, HELP, settings.language)
    if not names:
        show(sys.stdout, on.text(say["nobody"]))
        return NO_CHANNEL
    good = True
    for result in results(settings, world, (wanted,) if wanted else names, named=bool(wanted)):
        show(sys.stdout, _lines(on, result, say))
        good &= result.good
    return ALL_TOOK_IT if good else NOT_ALL


def channel_names(settings: Settings) -> tuple[str, ...]:
    """The channels that are set up, the heartbeat last."""
    line = (LINE,) if settings.line_notify_enabled else ()
    beat = (HEARTBEAT,) if settings.heartbeat_url else ()
    return (*line, *(address.name for address in addresses(settings)), *beat)


def results(
    settings: Settings, world: World, names: tuple[str, ...], *, named: bool
) -> Iterator[Result]:
    """Try the channels, all others while LINE is asked; yields what came of each, in order."""
    say = SAY[settings.language]
    title = say["title"].format(host=world.host.name())
    text = f"{title}\n{say['body']}"
    timeout = COURIER_TIMEOUTS * settings.external_timeout_sec
    waits = {
        courier.name: courier.start(text, "info", timeout)
        for courier in world.couriers()
        if courier.name in names
    }
    for name in names:
        if name == LINE:
            yield _line(settings, world.channels[0], text, named=named)
        elif name == HEARTBEAT:
            yield _heartbeat(settings, world)
        else:
            yield _courier(settings, name, waits[name]())


def _line(settings: Settings, channel: Channel, text: str, *, named: bool) -> Result:
    say, language = SAY[settings.language], settings.language
    left = channel.room(settings.external_timeout_sec)
    if left is not None and left <= 0:
        return Result(LINE, False, say["not"].format(why=say["spent"]), QUOTA_REMEDY[language])
    if left is not None and left < settings.line_quota_reserve and not named:
        said = say["short"].format(left=left)
        return Result(LINE, False, said, "picoclaw-watchdog notify-test --channel line")
    receipt = channel.send(text, _new_key(), settings.external_timeout_sec)
    if receipt.fate in (Fate.SENT, Fate.ALREADY_SENT):
        return Result(LINE, True, f"{say['sent']} ({receipt.detail})", say["line_hint"])
    remedies = LINE_REMEDIES[language]
    if receipt.fate is Fate.QUOTA:
        remedy = QUOTA_REMEDY[language]
    else:
        status = re.match(r"HTTP (\d+)", receipt.detail)
        code = int(status[1]) if status else 0
        remedy = remedies.get(code, remedies[500] if code >= 500 else "picoclaw-watchdog doctor")  # noqa: PLR2004
    return Result(LINE, False, say["not"].format(why=receipt.detail), remedy)


def _courier(settings: Settings, name: str, receipt: Receipt) -> Result:
    say = SAY[settings.language]
    if receipt.fate in (Fate.SENT, Fate.ALREADY_SENT):
        return Result(name, True, say["sent"])
    if receipt.detail == MISSING:
        return Result(name, False, say["not"].format(why=MISSING.partition(";")[0]), INSTALL)
    remedy = REMEDIES[settings.language].get(receipt.fate, "")
    return Result(name, False, say["not"].format(why=receipt.detail), remedy)


def _heartbeat(settings: Settings, world: World) -> Result:
    say = SAY[settings.language]
    title = say["title"].format(host=world.host.name())
    call = call_for(settings.heartbeat_url, Health.WELL, title, 0)
    trouble = send(settings, world.network, call) if call is not None else ""
    if not trouble:
        return Result(HEARTBEAT, True, say["beat"])
    status = re.match(r"HTTP (\d+)", trouble)
    if status is None:
        remedy, why = REMEDIES[settings.language][Fate.NOT_SENT], trouble
    else:
        remedy, why = remedy_for(int(status[1]), settings.language), status[0]
    return Result(HEARTBEAT, False, say["not"].format(why=why), remedy)


def _lines(on: Terminal, result: Result, say: dict[str, str]) -> list[str]:
    style = Style.GOOD if result.good else Style.BAD
    sign = on.paint(on.sign(Sign.GOOD if result.good else Sign.BAD), style)
    lines = on.text(f"{result.name}: {result.said}", style, indent=2, first=f"{sign} ")
    if result.remedy:
        label = "" if result.good else say["to_do"]
        lines += on.text(label + result.remedy, Style.DIM if result.good else None, indent=4)
    return lines


def _new_key() -> str:
    """A random UUID: a test is never a retry."""
    digits = os.urandom(16).hex()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
