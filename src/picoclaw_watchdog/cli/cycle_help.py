"""What `once` and `loop` say of themselves; the timer's start does not pay for it."""

from picoclaw_watchdog.cli.arguments import Known, Typed, typed_in
from picoclaw_watchdog.cli.helping import Help

HELP = {
    "once": {
        "en": Help(
            usage="picoclaw-watchdog once [--attended | --unattended]",
            about="One cycle: look, recover, verify, tell; shows what it logs. Typed at a "
            "terminal, it stops at a mistake in the settings. Started by the timer, it falls back "
            "to the default and tells the owner.",
            options=(
                ("--attended", "as at a terminal, also in a script"),
                ("--unattended", "as the timer starts it, also at a terminal"),
            ),
            statuses=(
                ("0", "done, also where another cycle is running"),
                ("2", "wrong usage; attended: mistakes in the settings"),
                ("70", "an error of our own; the log says which"),
            ),
            examples=("picoclaw-watchdog once",),
        ),
        "ja": Help(
            usage="picoclaw-watchdog once [--attended | --unattended]",
            about="1 周期だけ実行します: 確認、復旧、検証、通知。ログの内容も表示します。端末では"
            "設定に誤りがあると止まります。タイマーからは既定値で実行し、所有者に知らせます。",
            options=(
                ("--attended", "スクリプトの中でも、端末と同じように動かします"),
                ("--unattended", "端末でも、タイマーと同じように動かします"),
            ),
            statuses=(
                ("0", "完了（別の周期の実行中を含む）"),
                ("2", "使い方の誤り。端末では設定の誤りも"),
                ("70", "内部エラー（詳細はログ）"),
            ),
            examples=("picoclaw-watchdog once",),
        ),
    },
    "loop": {
        "en": Help(
            usage="picoclaw-watchdog loop",
            about="Cycles without end, one every PICOCLAW_WATCHDOG_INTERVAL_SEC seconds, for "
            "intervals too short for a timer. Meant for its own unit, which systemd watches; at a "
            "terminal it shows what it logs, until Ctrl-C.",
            statuses=(("0", "ended by SIGTERM or Ctrl-C"), ("2", "wrong usage")),
            examples=("systemctl --user start picoclaw-watchdog-loop.service",),
        ),
        "ja": Help(
            usage="picoclaw-watchdog loop",
            about="PICOCLAW_WATCHDOG_INTERVAL_SEC 秒ごとに周期を繰り返します。タイマーには短すぎる"
            "間隔のためのもので、systemd が見守る専用ユニットで動かします。端末では Ctrl-C まで"
            "ログの内容を表示します。",
            statuses=(("0", "SIGTERM か Ctrl-C で終了"), ("2", "使い方の誤り")),
            examples=("systemctl --user start picoclaw-watchdog-loop.service",),
        ),
    },
}


KNOWN = {"once": Known(flags=frozenset({"--attended", "--unattended"})), "loop": Known()}


def read(command: str, arguments: list[str]) -> Typed | int:
    """What was typed, or the exit status where the command ends here."""
    asked = typed_in(command, arguments, KNOWN[command], HELP[command])
    return asked if isinstance(asked, int) else asked[1]
