"""What `drill` says, in both languages."""

from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.core.text import Text

HELP = {
    "en": Help(
        usage="picoclaw-watchdog drill gateway|hang|funnel|ollama|all [--yes] [--json]\n"
        "picoclaw-watchdog drill --last [--json]",
        about="Breaks it on this host for real, after a question, and measures from outside how "
        "long the watchdog takes to mend it: two minutes are promised. What is still broken at "
        "the end, or after Ctrl-C, is undone; after a power cut the next cycle does so.",
        options=(
            ("gateway", "stops the gateway's unit"),
            ("hang", "freezes the gateway's processes (SIGSTOP)"),
            ("funnel", "switches our Funnel entry off"),
            ("ollama", "stops your own ollama.service, else points the watchdog at a dead address"),
            ("--yes", "do not ask"),
            ("--last", "the table of the last run, kept in drills.log"),
            ("--json", "for programs"),
        ),
        statuses=(
            ("0", "everything recovered as promised"),
            ("1", "not all"),
            ("2", "wrong usage or settings"),
            ("3", "refused: nothing was broken"),
            ("130", "interrupted, and undone"),
        ),
        examples=("picoclaw-watchdog drill all",),
    ),
    "ja": Help(
        usage="picoclaw-watchdog drill gateway|hang|funnel|ollama|all [--yes] [--json]\n"
        "picoclaw-watchdog drill --last [--json]",
        about="確認のうえ、このホストで実際に障害を起こし、見張りが復旧するまでの時間を外から"
        "測ります（約束は 2 分以内）。終了時や Ctrl-C の後に残った障害は元に戻します。停電などの"
        "後は次の周期が元に戻します。",
        options=(
            ("gateway", "ゲートウェイのユニットを停止します"),
            ("hang", "ゲートウェイのプロセスを凍結します（SIGSTOP）"),
            ("funnel", "自分の Funnel 設定を無効にします"),
            ("ollama", "自分の ollama.service を停止します。なければ見張りに偽の宛先を見せます"),
            ("--yes", "確認せずに始めます"),
            ("--last", "前回の結果を表示します（drills.log に保存）"),
            ("--json", "プログラム向けに出力します"),
        ),
        statuses=(
            ("0", "すべて約束どおり"),
            ("1", "約束どおりでないものがある"),
            ("2", "使い方か設定の誤り"),
            ("3", "何もせずに断った"),
            ("130", "中断し、元に戻した"),
        ),
        examples=("picoclaw-watchdog drill all",),
    ),
}

SAY = {
    "which": Text(
        "say which: gateway, hang, funnel, ollama or all",
        "gateway、hang、funnel、ollama、all のどれかを指定してください",
    ),
    "nobody": Text(
        "there is no terminal to ask at; --yes starts without asking",
        "確認する相手がいません。--yes を付けると確認せずに始めます",
    ),
    "warning": Text(
        "This breaks something on this host for real:", "このホストで実際に障害を起こします:"
    ),
    "will_gateway": Text(
        "{unit} is stopped; LINE gets no answers for up to two minutes",
        "{unit} を停止します。最長 2 分、LINE に返事ができません",
    ),
    "will_hang": Text(
        "{unit} is frozen; what it is doing is lost with the restart that follows",
        "{unit} を凍結します。続く再起動で処理中の内容は失われます",
    ),
    "will_funnel": Text(
        "the webhook's Funnel is switched off; LINE cannot reach this host",
        "Webhook の Funnel を無効にします。LINE からは届かなくなります",
    ),
    "will_ollama": Text(
        "Ollama fails for a few cycles; the gateway is restarted once",
        "Ollama が数周期のあいだ失敗し、ゲートウェイが 1 回再起動されます",
    ),
    "undone_anyway": Text(
        "The watchdog recovers it, and whatever is left is undone. Its messages say that it is a "
        "drill. Each restart uses up one of the attempts that are allowed in a period.",
        "見張りが復旧し、残ったものは元に戻します。通知には訓練と書かれます。再起動のたびに、"
        "許された回数を 1 回使います。",
    ),
    "slow": Text(
        "INTERVAL_SEC is {seconds}: recovery within two minutes is not possible.",
        "INTERVAL_SEC が {seconds} のため、2 分以内の復旧はできません。",
    ),
    "ask": Text("Type yes to go on:", "続けるには yes と入力:"),
    "not_done": Text("Nothing was done.", "何もしていません。"),
    "refused": Text("no drill now: {why}", "いまは訓練できません: {why}"),
    "begins": Text("Drill: {name}", "訓練: {name}"),
    "settle": Text(
        "waiting until the gateway is old enough to be judged ...",
        "ゲートウェイが落ち着くのを待っています…",
    ),
    "make": Text("breaking it ... {unit}", "障害を起こしています… {unit}"),
    "watch": Text(
        "broken; waiting for the watchdog to recover it ...",
        "障害を起こしました。見張りの復旧を待っています…",
    ),
    "mended": Text(
        "recovered after {detail} s; waiting for the cycle to end ...",
        "{detail} 秒で復旧しました。周期の終わりを待っています…",
    ),
    "undo": Text(
        "undoing it; waiting for the all-clear ...", "元に戻しました。復旧の確認を待っています…"
    ),
    "not_kept": Text("the result could not be kept: {detail}", "結果を保存できません: {detail}"),
    "interrupted": Text(
        "Interrupted; what was broken is undone.", "中断しました。障害は元に戻しました。"
    ),
    "left_behind": Text(
        "Interrupted, and NOT all of it could be undone; the next cycle does so. See:"
        " picoclaw-watchdog drill --last",
        "中断しましたが、元に戻せないものがあります。次の周期が元に戻します。確認:"
        " picoclaw-watchdog drill --last",
    ),
    "never": Text("There has been no drill yet.", "まだ訓練をしていません。"),
    "of": Text("Drills of {at}", "{at} の訓練"),
    "override": Text(
        "Ollama itself was not touched: meanwhile the watchdog was given an address where "
        "nothing is listening.",
        "Ollama 自体には触れていません。そのあいだ、見張りには応答のない宛先を見せました。",
    ),
    "name_gateway": Text("gateway stopped", "Gateway 停止"),
    "name_hang": Text("gateway hangs", "Gateway 無応答"),
    "name_funnel": Text("Funnel off", "Funnel 無効"),
    "name_ollama": Text("Ollama gone", "Ollama 断"),
    "drill": Text("drill", "訓練"),
    "found": Text("found", "検知"),
    "mended_in": Text("recovered", "復旧"),
    "promised": Text("promised", "約束"),
    "restarts": Text("tries", "試行"),
    "messages": Text("messages", "通知"),
    "result": Text("result", "結果"),
    "passed": Text("as promised", "約束どおり"),
    "one_restart": Text("1 restart", "再起動 1 回"),
}

WHY = {
    "off": Text(
        "the watchdog is switched off (ENABLED=false)", "見張りが無効です（ENABLED=false）"
    ),
    "paused": Text(
        "the watchdog is paused; end it with: picoclaw-watchdog resume",
        "一時停止中です。再開: picoclaw-watchdog resume",
    ),
    "stopped": Text(
        "the gateway is stopped on purpose; start it with: picoclaw-watchdog start-gateway",
        "ゲートウェイは計画停止中です。起動: picoclaw-watchdog start-gateway",
    ),
    "never": Text(
        "no cycle has run yet; see: picoclaw-watchdog status",
        "まだ一度も確認していません。確認: picoclaw-watchdog status",
    ),
    "stale": Text(
        "the watchdog is not running; see: picoclaw-watchdog doctor",
        "監視が止まっています。確認: picoclaw-watchdog doctor",
    ),
    "unhealthy": Text(
        "something is wrong already; see: picoclaw-watchdog status",
        "すでに異常があります。確認: picoclaw-watchdog status",
    ),
    "budget": Text(
        "too few attempts are left to do this safely; try again after {until}",
        "残りの復旧回数が足りません。{until} 以降は足ります",
    ),
    "budget_small": Text(
        "RESTART_MAX_COUNT allows too few attempts ({detail})",
        "RESTART_MAX_COUNT の回数が足りません（{detail}）",
    ),
    "another": Text("another drill is running", "別の訓練が動いています"),
    "not_running": Text(
        "not done: the gateway does not run ({detail})",
        "実施せず: ゲートウェイが動いていません（{detail}）",
    ),
    "no_ollama": Text(
        "not done: OLLAMA_MODELS_URL is empty", "実施せず: OLLAMA_MODELS_URL が空です"
    ),
    "no_tailscale": Text(
        "not done: Tailscale is not installed", "実施せず: Tailscale がありません"
    ),
    "tailscale_silent": Text(
        "not done: Tailscale does not answer ({detail})",
        "実施せず: Tailscale が応答しません（{detail}）",
    ),
    "funnel_off": Text(
        "not done: no Funnel leads to the webhook", "実施せず: Webhook への Funnel がありません"
    ),
    "funnel_shared": Text(
        "not done: something else is published on the same port ({detail})",
        "実施せず: 同じポートでほかにも公開しています（{detail}）",
    ),
    "not_recordable": Text(
        "not done: it cannot be written down ({detail})", "実施せず: 記録を書けません（{detail}）"
    ),
    "not_made": Text("it could not be broken: {detail}", "障害を起こせませんでした: {detail}"),
    "interrupted": Text("interrupted, and undone", "中断し、元に戻しました"),
    "not_undone": Text(
        "NOT UNDONE, the next cycle tries again: {detail}",
        "元に戻せず、次の周期が再び試みます: {detail}",
    ),
    "late": Text("TOO LATE: not recovered in time", "時間内に復旧しませんでした"),
    "unseen": Text("the watchdog did not see it", "見張りが検知しませんでした"),
    "too_many": Text("more than one restart", "再起動が 2 回以上ありました"),
    "unsuppressed": Text(
        "no cycle withheld a restart in time", "再起動の抑制を時間内に確認できませんでした"
    ),
}
