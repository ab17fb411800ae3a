"""What `kick` says, in English and Japanese."""

import re
import time

from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.kick.requests import VERBS, Refusal

PATIENCE = 120.0  # seconds

HELP = {
    "en": Help(
        usage="picoclaw-watchdog kick ACTION [--source WHO] [--wait [SECONDS]] [--plain] "
        "[--token-file FILE | --token-stdin]",
        about="Asks for a recovery; the next cycle serves it (at once where the .path unit is "
        f"enabled). ACTION is one of {', '.join(VERBS)}; pause needs a length (pause=30m; s, m, h "
        "or d; an hour at most), ack may name an incident (ack=gateway-1700000000).",
        options=(
            ("--source WHO", "who asks, such as line:U123 (default: cli)"),
            (
                "--wait [SECONDS]",
                f"print the outcome; wait so long (default: {PATIENCE:.0f})",
            ),
            (
                "--token-file FILE",
                "not the token of PICOCLAW_WATCHDOG_KICK_TOKEN or .env",
            ),
            ("--token-stdin", "read it from standard input"),
            ("--plain", "write the token itself into the request instead of signing it"),
        ),
        statuses=(
            ("0", "requested, or with --wait recovered or done"),
            ("1", "the request could not be written"),
            ("2", "wrong usage"),
            ("3", "refused"),
            ("4", "withheld; it says until when"),
            ("5", "tried and failed"),
            ("6", "no answer in time"),
        ),
        examples=("picoclaw-watchdog kick restart_gateway --source line:U123 --wait",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog kick 操作 [--source 依頼元] [--wait [秒]] [--plain] "
        "[--token-file ファイル | --token-stdin]",
        about="復旧を依頼します。次の周期で実行されます（.path ユニットが有効なら直ちに）。操作は "
        f"{', '.join(VERBS)} のどれかです。pause には長さが要ります"
        "（pause=30m。単位は s m h d、1 時間まで）。"
        "ack には障害を指定できます（ack=gateway-1700000000）。",
        options=(
            ("--source 依頼元", "誰の依頼か。例: line:U123（既定: cli）"),
            ("--wait [秒]", f"結果を待って表示します（既定: {PATIENCE:.0f}）"),
            (
                "--token-file ファイル",
                "トークンを .env ではなく、ここから読みます",
            ),
            ("--token-stdin", "トークンを標準入力から読みます"),
            ("--plain", "署名せず、トークンそのものを依頼に書きます"),
        ),
        statuses=(
            ("0", "依頼済み（--wait では復旧または完了）"),
            ("1", "依頼を書けない"),
            ("2", "使い方の誤り"),
            ("3", "拒否"),
            ("4", "見送り（いつからできるかを表示）"),
            ("5", "実行して失敗"),
            ("6", "時間内に答えなし"),
        ),
        examples=("picoclaw-watchdog kick restart_gateway --source line:U123 --wait",),
    ),
}

# Wrong usage
UNKNOWN_OPTION = Text("unknown option {option}", "知らないオプションです: {option}")
NO_ACTION = Text("say what is to be done", "何をするかを書いてください")
TOO_MANY = Text("too many words", "引数が多すぎます")
ONE_TOKEN = Text(
    "the token can come from one place only", "トークンの渡し方は 1 つだけにしてください"
)
NO_VALUE = Text("{option} needs a value", "{option} には値が必要です")
NO_NUMBER = Text("--wait takes a number of seconds", "--wait には秒数を書いてください")
UNWRITABLE = {
    Refusal.UNKNOWN_ACTION: Text(
        "unknown action {action!r}: use one of {actions}",
        "知らない操作です: {action!r}。使えるもの: {actions}",
    ),
    Refusal.MALFORMED: Text("write it as {example}", "{example} のように書いてください"),
    Refusal.BAD_SOURCE: Text(
        "the source may hold letters, digits and _.:@- only, e.g. line:U123",
        "依頼元に使えるのは英数字と _.:@- だけです。例: line:U123",
    ),
    Refusal.WRONG_TOKEN: Text(
        "the token is empty or holds a | or a control character",
        "トークンが空か、| または制御文字を含んでいます",
    ),
}
EXAMPLES = {"pause": "pause=30m (s, m, h, d; 1h at most)", "ack": "ack=gateway-1700000000"}

# The token
WARNING = Text(
    "warning: other users can read a token on the command line; it is private in .env",
    "注意: コマンドラインのトークンはほかの利用者から見えます。.env に書けば見えません",
)
OFF = Text(
    "kicks are off: set PICOCLAW_WATCHDOG_KICK_ENABLED=true in .env",
    "キックは無効です。.env に PICOCLAW_WATCHDOG_KICK_ENABLED=true を書いてください",
)
NO_FILE = Text("{path}: there is no such file", "{path}: ファイルがありません")
NO_TEXT = Text("{path}: this is no UTF-8 text", "{path}: UTF-8 のテキストではありません")
NO_TOKEN = Text(
    "there is no token: set PICOCLAW_WATCHDOG_KICK_TOKEN in .env",
    "トークンがありません。.env に PICOCLAW_WATCHDOG_KICK_TOKEN を書いてください",
)
CANNOT_READ = Text("{path}: cannot be read: {why}", "{path}: 読めません: {why}")

# The request and its outcome
CANNOT_WRITE = Text("{path} cannot be written: {why}", "{path} に書けません: {why}")
IN_THE_WAY = Text(
    "{path} is left untouched: {why}; move it away, or set another PICOCLAW_WATCHDOG_KICK_FILE",
    "{path} には触れません: {why}。移動するか、PICOCLAW_WATCHDOG_KICK_FILE を変えてください",
)
NAME_WHO_ASKS = Text(
    "only certain sources may ask here (PICOCLAW_WATCHDOG_KICK_ALLOWED_SOURCES), and {source} "
    "counts from a terminal only: say who asks, like --source line:U123",
    "依頼元が限られています (PICOCLAW_WATCHDOG_KICK_ALLOWED_SOURCES)。{source} は端末からの"
    "依頼だけに使えます。--source line:U123 のように依頼元を書いてください",
)
ASKED = Text(
    "asked for {action}; the outcome will be in the log",
    "{action} を依頼しました。結果はログに残ります",
)
NO_ANSWER = Text(
    "no answer within {seconds:g} s; is the watchdog enabled? (make enable-watchdog)",
    "{seconds:g} 秒以内に答えがありません。監視は有効ですか (make enable-watchdog)",
)
OUTCOMES = {
    "mended": Text("recovered", "復旧しました"),
    "done": Text("done", "実行しました"),
    "refused": Text("refused", "拒否されました"),
    "withheld": Text("withheld", "見送られました"),
    "failed": Text("failed", "失敗しました"),
    "interrupted": Text("interrupted", "中断されました"),
}
ANSWER = Text(
    "{action}: {outcome} in {took:.1f} s, {waited:.1f} s after it was asked for",
    "{action}: {outcome} (所要 {took:.1f} 秒、依頼から {waited:.1f} 秒)",
)
UNTIL = Text("until {at}", "{at} まで")
LASTS = Text("until {at}; {why}", "{at} まで。{why}")
POSSIBLE = Text("{why}; possible from {at} on", "{why}。{at} 以降に可能です")

_DATED = re.compile(r"(.*?) ?until=([0-9]{1,11})")


def outcome_words(outcome: str, language: str) -> str:
    """What became of a request; a word that is none of ours stays as it is."""
    known = OUTCOMES.get(outcome)
    return outcome if known is None else known.say(language)


def detail_words(detail: str, language: str, *, done: bool = False) -> str:
    """Why, and until when, or from when where nothing was done; others are quoted."""
    from picoclaw_watchdog.core.wording.requests import request_reasons  # once it is asked for

    dated = _DATED.fullmatch(detail)
    if dated is None:
        return request_reasons(detail, language)
    at = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(dated[2])))
    if not dated[1]:
        return UNTIL.say(language, at=at)
    text = LASTS if done else POSSIBLE
    return text.say(language, why=request_reasons(dated[1], language), at=at)
