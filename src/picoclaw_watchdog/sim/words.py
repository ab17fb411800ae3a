"""The timeline in words: what happens to a pretend host, in English and Japanese."""

from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.sim.host import Note

WHO = {
    "fault": Text("fault", "障害"),
    "owner": Text("owner", "所有者"),
    "host": Text("host", "ホスト"),
    "watchdog": Text("watchdog", "監視"),
    "line": Text("LINE", "LINE"),
}
DEEDS = {
    "gateway_crashes": Text("the gateway is killed", "Gateway が強制終了される"),
    "gateway_ends": Text("the gateway ends by itself", "Gateway が自分で終了する"),
    "gateway_hung": Text("the gateway hangs", "Gateway が応答しなくなる"),
    "gateway_port_lost": Text("the gateway no longer listens", "Gateway がポートを失う"),
    "gateway_webhook_lost": Text("the webhook's port is closed", "Webhook のポートが閉じている"),
    "gateway_webhook_dead": Text("the webhook is not served", "Webhook が応答しなくなる"),
    "gateway_unhealthy": Text("the gateway says it is ill", "Gateway が異常を報告する"),
    "gateway_not_ready": Text("the gateway says it is not ready", "Gateway が準備未完了を報告する"),
    "gateway_port_taken": Text(
        "another program has the port", "別のプログラムがポートを使っている"
    ),
    "gateway_dies_at_start": Text("the gateway dies at every start", "Gateway が起動直後に落ちる"),
    "gateway_slow_to_start": Text("the gateway starts slowly", "Gateway の起動が遅い"),
    "gateway_slow_to_stop": Text("the gateway stops slowly", "Gateway の停止が遅い"),
    "gateway_slow": Text("the gateway answers slowly", "Gateway の応答が遅い"),
    "gateway_restarts_itself": Text(
        "systemd restarts the gateway itself", "systemd 自身が Gateway を再起動する"
    ),
    "gateway_notifies": Text("the unit is of Type=notify", "ユニットは Type=notify"),
    "gateway_version": Text("kind of release", "版の種類"),
    "unit_masked": Text("the unit is masked", "ユニットが mask される"),
    "unit_removed": Text("the unit's file is gone", "ユニットのファイルが消える"),
    "stale_pid": Text("a stale pid file blocks the start", "古い PID ファイルが起動を妨げる"),
    "bus_silent": Text("systemd does not answer", "systemd が応答しない"),
    "peer_down": Text("Ollama is down", "Ollama が停止する"),
    "ollama_hung": Text("Ollama hangs", "Ollama が応答しない"),
    "ollama_error": Text("Ollama answers with errors", "Ollama がエラーを返す"),
    "ollama_slow": Text("Ollama answers slowly", "Ollama の応答が遅い"),
    "ollama_models_gone": Text("Ollama has no models", "Ollama のモデルがなくなる"),
    "ollama_models_unloaded": Text(
        "Ollama has unloaded its models", "Ollama がモデルをメモリから下ろす"
    ),
    "peer_stuck": Text("Ollama no longer generates", "Ollama が生成しなくなる"),
    "funnel_off": Text("the Funnel is switched off", "Funnel が切れる"),
    "funnel_unreachable": Text("the public address is dead", "公開アドレスに届かない"),
    "funnel_dead_outside": Text(
        "the public address is dead, seen from outside only",
        "公開アドレスに外からだけ届かない",
    ),
    "funnel_others": Text("the node publishes more than the webhook", "Webhook 以外も公開している"),
    "funnel_command": Text("what `tailscale funnel` does", "tailscale funnel の動作"),
    "tailscale_logged_out": Text("Tailscale is logged out", "Tailscale がログアウトする"),
    "tailscale_stopped": Text("Tailscale is stopped", "Tailscale が停止する"),
    "tailscale_not_approved": Text("the machine is not approved", "このマシンが承認されていない"),
    "tailscale_key_expired": Text("the node's key has expired", "ノードキーの期限が切れる"),
    "tailscale_not_allowed": Text("Funnel is not allowed", "Funnel が許可されていない"),
    "tailscale_hangs": Text("`tailscale` hangs", "tailscale コマンドが戻らない"),
    "tailscaled_down": Text("tailscaled does not run", "tailscaled が動いていない"),
    "network_down": Text("the network is away", "ネットワークが切れる"),
    "names_unknown": Text("no name server answers", "名前解決ができない"),
    "line": Text("LINE", "LINE"),
    "courier": Text("another channel", "LINE 以外の通知先"),
    "line_token_revoked": Text("LINE refuses the token", "LINE がトークンを拒否する"),
    "line_limit": Text("LINE's messages of the month run short", "LINE の月間通数が足りなくなる"),
    "disk": Text("the disk", "ディスク"),
    "disk_fails": Text("a write fails", "書き込みが一度失敗する"),
    "reboot": Text("reboot", "再起動"),
    "power_cut": Text("power cut", "停電"),
    "suspend": Text("the host sleeps", "ホストがスリープする"),
    "clock_set": Text("the clock is set", "時計が変更される"),
    "watchdog_killed": Text("the watchdog is to be killed", "監視プロセスが終了させられる"),
    "settings_broken": Text("a typing error in .env", ".env に入力ミスがある"),
    "owner_stops_gateway": Text("stops the gateway", "Gateway を止める"),
    "owner_stops_for": Text("stops the gateway on purpose", "Gateway を計画停止する"),
    "owner_starts_gateway": Text("starts the gateway", "Gateway を起動する"),
    "owner_restarts_gateway": Text("restarts the gateway", "Gateway を再起動する"),
    "owner_runs_it_by_hand": Text("runs the gateway by hand", "Gateway を手で動かす"),
    "owner_pauses": Text("pauses the watchdog", "監視を一時停止する"),
    "owner_resumes": Text("ends the pause", "一時停止を終える"),
    "owner_edits": Text("edits a state file", "状態ファイルを書き換える"),
    "owner_removes_state": Text("removes the state folder", "状態フォルダを消す"),
    "kick": Text("asks for a recovery", "復旧を依頼する"),
}
OVER = Text("over: {what}", "終わり: {what}")
OTHER = {
    "restart": Text("restarts the gateway", "Gateway を再起動する"),
    "funnel": Text("tailscale funnel: {rest}", "tailscale funnel: {rest}"),
    "pid_aside": Text("moves the stale pid file aside", "古い PID ファイルを退避する"),
    "killed": Text("killed {rest}", "終了させられた（{rest}）"),
    "unit_failed": Text(
        "the gateway's unit has failed: {rest}", "Gateway のユニットが失敗: {rest}"
    ),
    "up": Text("is up again", "起動した"),
}


def say(note: Note, language: str) -> str:
    """One line of the timeline, without its time."""
    if note.who == "line":
        return note.text.splitlines()[0]
    word, _, rest = note.text.partition(" ")
    if word == "over":
        return OVER.say(language, what=_deed(rest, "", language))
    if word in OTHER:
        return OTHER[word].say(language, rest=rest)
    return _deed(word, rest, language)


def _deed(name: str, rest: str, language: str) -> str:
    known = DEEDS.get(name)
    words = known.say(language) if known is not None else name
    return f"{words} ({rest})" if rest else words
