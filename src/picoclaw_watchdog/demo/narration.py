"""What the demo says, in English and Japanese."""

from typing import NamedTuple


class Chapter(NamedTuple):
    """The words of one chapter."""

    title: str
    fault: str  # what is done to the host
    short: str  # the same in the table


class Narration(NamedTuple):
    """All words of the demo in one language."""

    title: str
    intro: str
    clocks: str
    up: str
    killed: Chapter
    hung: Chapter
    funnel: Chapter
    ollama: Chapter
    line: Chapter
    crash_heard: str
    cycle: str
    mended: str
    message: str
    ollama_spared: str
    ollama_back: str
    line_waits: str
    line_back: str
    summary: str
    heads: tuple[str, str, str, str, str, str]
    ok: str
    not_ok: str
    not_mended: str
    wrong: str
    promises: str
    broken: str
    total: str
    nothing_left: str


EN = Narration(
    title="picoclaw-watchdog: a host in a box",
    intro=(
        "Real processes on ports of their own: a gateway, an Ollama, a LINE server, a "
        "pretended systemd and Tailscale. On them runs the real watchdog, one short process "
        "per cycle. On your host systemd starts it: every minute, and at once when the "
        "gateway crashes. Here the demo does, every {interval:g} seconds."
    ),
    clocks=(
        "Shortened for the demo: restart budget {window} s instead of 10 minutes, Ollama's "
        "retry {retry} s instead of 10. The gateway needs {start:g} s until it listens. As "
        "on your host, a second restart waits until {backoff:g} s have passed since the first."
    ),
    up="everything is up, and the first cycle finds nothing to do",
    killed=Chapter(
        "1. The gateway is killed",
        "kill -9 on the gateway's process",
        "gateway killed",
    ),
    hung=Chapter(
        "2. The gateway hangs",
        "the gateway is frozen: it accepts connections and never answers",
        "gateway hung",
    ),
    funnel=Chapter(
        "3. Funnel is off",
        "Tailscale Funnel is switched off: LINE cannot reach the webhook",
        "Funnel off",
    ),
    ollama=Chapter(
        "4. Ollama is dead",
        "Ollama is ended. The gateway's /ready now answers 503 because of it",
        "Ollama dead",
    ),
    line=Chapter(
        "5. LINE cannot be reached, and the gateway is killed meanwhile",
        "the LINE server is ended, then kill -9 on the gateway",
        "LINE away",
    ),
    crash_heard="the unit has failed: OnFailure= starts the watchdog",
    cycle="the timer starts the watchdog",
    mended="recovered, seen from outside",
    message="LINE message to the owner",
    ollama_spared="more cycles with Ollama dead: the gateway is left alone",
    ollama_back="Ollama is started again, as its owner would",
    line_waits="recovered without LINE; the message waits on disk",
    line_back="the LINE server is started again",
    summary="Summary",
    heads=("fault", "seen after", "recovered in", "restarts", "messages", "as promised"),
    ok="yes",
    not_ok="NO",
    not_mended="not recovered within {seconds:g} s",
    wrong="{what}: {got} instead of {wanted}",
    promises="Every chapter ended as promised.",
    broken="Not as promised: {chapters}",
    total="{seconds:.0f} s in all.",
    nothing_left="Every process has been ended and the box removed.",
)

JA = Narration(
    title="picoclaw-watchdog: 箱の中のホスト",
    intro=(
        "専用ポートで本物のプロセスを動かします。Gateway、Ollama、LINE サーバー、そして systemd と "
        "Tailscale の代役です。その上で本物の watchdog が動きます。1 周期ごとに短いプロセスが "
        "1 つ起動します。実際のホストでは systemd が毎分、そして Gateway の異常終了時には"
        "すぐに起動します。ここではデモが {interval:g} 秒ごとに起動します。"
    ),
    clocks=(
        "デモ用に短縮: 再起動の予算は 10 分でなく {window} 秒、Ollama の再確認は 10 秒でなく "
        "{retry} 秒。Gateway は待ち受けまで {start:g} 秒かかります。"
        "実際のホストと同じく、2 回目の再起動は前回から {backoff:g} 秒たつまで待ちます。"
    ),
    up="すべて起動し、最初の周期では何もすることがありません",
    killed=Chapter(
        "1. Gateway が強制終了する",
        "Gateway のプロセスに kill -9",
        "Gateway 強制終了",
    ),
    hung=Chapter(
        "2. Gateway が固まる",
        "Gateway を凍結: 接続は受け付けるが応答しない",
        "Gateway 無応答",
    ),
    funnel=Chapter(
        "3. Funnel が切れる",
        "Tailscale Funnel を無効化: LINE から webhook に届かない",
        "Funnel 無効",
    ),
    ollama=Chapter(
        "4. Ollama が落ちる",
        "Ollama を停止。そのため Gateway の /ready は 503 を返す",
        "Ollama 停止",
    ),
    line=Chapter(
        "5. LINE に届かず、その間に Gateway が強制終了する",
        "LINE サーバーを停止し、Gateway に kill -9",
        "LINE 不通",
    ),
    crash_heard="ユニットが failed: OnFailure= が watchdog を起動",
    cycle="timer が watchdog を起動",
    mended="復旧を外から確認",
    message="所有者への LINE メッセージ",
    ollama_spared="Ollama は停止のまま数周期: Gateway には触れない",
    ollama_back="Ollama を再開 (その管理者の役)",
    line_waits="LINE なしで復旧。通知はディスクで待つ",
    line_back="LINE サーバーを再開",
    summary="まとめ",
    heads=("障害", "検知まで", "復旧まで", "再起動", "通知", "約束どおり"),
    ok="はい",
    not_ok="いいえ",
    not_mended="{seconds:g} 秒以内に復旧しなかった",
    wrong="{what}: {wanted} のはずが {got}",
    promises="すべての章が約束どおりに終わりました。",
    broken="約束どおりでない章: {chapters}",
    total="全体で {seconds:.0f} 秒。",
    nothing_left="すべてのプロセスを終了し、箱を片付けました。",
)

LANGUAGES = {"en": EN, "ja": JA}
