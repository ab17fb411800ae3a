"""What each setting means, in both languages. Only documents and people's commands read it."""

from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.settings.schema import Section


class Text(NamedTuple):
    """One meaning in both languages."""

    en: str
    ja: str


SECTIONS: dict[Section, Text] = {
    Section.GENERAL: Text("The watchdog itself", "監視全般"),
    Section.GATEWAY: Text("The gateway and its health", "Gateway とヘルスチェック"),
    Section.RESTART: Text("Restarting the gateway", "Gateway の再起動"),
    Section.WEBHOOK: Text("The LINE webhook and its public address", "LINE Webhook と公開アドレス"),
    Section.OLLAMA: Text("Ollama", "Ollama"),
    Section.MESSAGES: Text("Messages to the owner", "LINE への通知"),
    Section.KICK: Text("Recovery on request (kick)", "手動キック"),
    Section.FILES: Text("Files", "ファイル"),
}

MEANINGS: dict[str, Text] = {
    "enabled": Text(
        "Whether the watchdog does anything at all.",
        "監視を行うかどうか。",
    ),
    "interval_sec": Text(
        "Time between two cycles. It sets the timer's period too, also after the install.",
        "監視周期。インストール後に変えても、timer の周期に反映されます。",
    ),
    "language": Text(
        "Language of messages and output: `ja` or `en`. "
        "Default: `ja` where the locale is Japanese, else `en`.",
        "通知と表示の言語(`ja` または `en`)。既定値は、ロケールが日本語なら `ja`、他は `en`。",
    ),
    "pause_windows": Text(
        "Planned windows in which nothing is mended and nothing told, separated by semicolons: an"
        " event of systemd.time(7) in local time (weekdays, date, time with `*`, `,`, `..`, `/`;"
        " or `daily`, `weekly`, ...) and a length, as in `Sun 03:00 30m; Mon..Fri 12:00 10m;"
        " *-*-01 04:00 1h`.",
        "復旧も通知も行わない予定の時間帯(セミコロン区切り)。systemd.time(7) の日時(現地時刻。"
        "曜日、日付、時刻に `*` `,` `..` `/` が使え、`daily` なども可)と長さを書きます。例:"
        " `Sun 03:00 30m; Mon..Fri 12:00 10m; *-*-01 04:00 1h`。",
    ),
    "gateway_service": Text(
        "systemd user unit of the PicoClaw gateway.",
        "PicoClaw Gateway の systemd ユーザーユニット名。",
    ),
    "gateway_port": Text(
        "Port on which the gateway listens. Default: what PicoClaw's own settings have.",
        "Gateway の待受ポート。既定値は PicoClaw 自身の設定の値。",
    ),
    "health_url": Text(
        "Must answer 200. Its default follows the gateway's port; empty switches the probe off.",
        "200 を返すべき URL。既定値は Gateway のポートに追従し、空にするとこの確認を行いません。",
    ),
    "ready_url": Text(
        "Must answer 200. Its default follows the gateway's port; empty switches the probe off.",
        "200 を返すべき URL。既定値は Gateway のポートに追従し、空にするとこの確認を行いません。",
    ),
    "local_timeout_sec": Text(
        "How long anything on this host may take to answer.",
        "このホスト内の応答を待つ時間。",
    ),
    "restart_window_sec": Text(
        "Window in which gateway restarts are counted.",
        "再起動回数を数える時間枠。",
    ),
    "restart_max_count": Text(
        "Most gateway restarts within that window; 0 forbids them.",
        "時間枠内の再起動の上限。0 なら再起動しません。",
    ),
    "restart_verify_sec": Text(
        "How long a restarted gateway has to become healthy.",
        "再起動した Gateway が正常になるまで待つ時間。",
    ),
    "startup_grace_sec": Text(
        "How long a gateway that has just started is not judged.",
        "起動直後の Gateway を異常とみなさない時間。",
    ),
    "stop_timeout_sec": Text(
        "How long a gateway that hangs may take to stop before it is killed.",
        "応答しない Gateway の停止を待つ時間。過ぎたら強制終了します。",
    ),
    "line_webhook_port": Text(
        "Port of the LINE webhook, which Tailscale Funnel publishes. "
        "Default: what PicoClaw's own settings have.",
        "LINE Webhook のポート。Tailscale Funnel がこれを公開します。"
        "既定値は PicoClaw 自身の設定の値。",
    ),
    "webhook_path": Text(
        "Path of the LINE webhook, here and in public. "
        "Default: what PicoClaw's LINE channel has in `config.json`.",
        "LINE Webhook のパス。既定値は `config.json` の LINE チャネルの設定。",
    ),
    "webhook_url": Text(
        "Public address of the webhook; must answer GET with 405. "
        "Empty: taken from what Tailscale says.",
        "Webhook の公開 URL(GET に 405 を返すこと)。空なら Tailscale の情報から求めます。",
    ),
    "external_timeout_sec": Text(
        "How long anything outside this host may take to answer.",
        "ホスト外の応答を待つ時間。",
    ),
    "probe_webhook_signature": Text(
        "Also send the local webhook a correctly signed request without events. "
        "Needs the channel secret.",
        "正しく署名した空の要求をローカル Webhook に送って確かめます。"
        "チャネルシークレットが必要です。",
    ),
    "probe_line_webhook_test": Text(
        "Also let LINE test the webhook, at most every 10 minutes and only in doubt. "
        "Needs the access token.",
        "疑わしいときに限り(最短 10 分間隔)、LINE 側の Webhook 検証を使います。"
        "アクセストークンが必要です。",
    ),
    "probe_public_dns": Text(
        "Also resolve the public name outside the tailnet (past MagicDNS).",
        "公開名を tailnet の外(MagicDNS を通さず)でも確かめます。",
    ),
    "line_channel_secret": Text(
        "Channel secret of the LINE channel; PicoClaw's own setting. "
        "Default: what `config.json` or `.security.yml` has.",
        "LINE チャネルのシークレット(PicoClaw と共通)。"
        "既定値は `config.json` または `.security.yml` の値。",
    ),
    "ollama_models_url": Text(
        "Must answer 200. Default: where PicoClaw has its Ollama; empty switches the probe off.",
        "200 を返すべき Ollama の URL。既定値は PicoClaw が使う Ollama で、"
        "空にするとこの確認を行いません。",
    ),
    "ollama_api_key": Text(
        "Key for a server that asks for one in Ollama's place; sent as `Authorization: Bearer`.",
        "認証を求めるサーバーを Ollama の代わりに使うときのキー(`Authorization: Bearer` で送信)。",
    ),
    "ollama_retry_sec": Text(
        "Wait before Ollama is asked again after its first failure.",
        "Ollama の最初の失敗から再試行までの時間。",
    ),
    "ollama_required_models": Text(
        "Models that Ollama must have, separated by commas; empty: not looked at.",
        "Ollama に必要なモデル(コンマ区切り)。空なら確認しません。",
    ),
    "probe_ollama_generation": Text(
        "Also let a loaded model generate one token, rarely: only this sees a stuck model.",
        "読み込み済みのモデルに、まれに 1 トークン生成させて、固まっていないか確かめます。",
    ),
    "line_notify_enabled": Text(
        "Whether messages are sent to LINE.",
        "LINE に通知するかどうか。",
    ),
    "line_notify_to": Text(
        "LINE user, group or room that gets them: U, C or R and 32 hexadecimal digits.",
        "通知先の LINE ID(U、C、R のいずれかと 16 進数 32 桁)。",
    ),
    "line_channel_access_token": Text(
        "Channel access token of the LINE channel; PicoClaw's own setting. "
        "Default: what `config.json` or `.security.yml` has.",
        "LINE のチャネルアクセストークン(PicoClaw と共通)。"
        "既定値は `config.json` または `.security.yml` の値。",
    ),
    "line_push_endpoint": Text(
        "Where messages are posted.",
        "通知の送信先 URL。",
    ),
    "line_quota_reserve": Text(
        "When so few of the month's messages are left, only the gravest go out by LINE.",
        "今月の残り通数がこれ以下になると、最も重大な通知だけを LINE に送ります。",
    ),
    "apprise_urls": Text(
        "Other channels, as well as or instead of LINE: addresses of Apprise, separated by spaces. "
        "`warning>tgram://...` sends only warnings and worse there "
        "(`notice`, `warning`, `critical`; without: everything).",
        "LINE に加えて、または代わりに使う通知先。Apprise の URL を空白で区切って並べます。"
        "`warning>tgram://...` と書くと、そこには warning 以上だけを送ります"
        "(`notice`、`warning`、`critical`。省略時はすべて)。",
    ),
    "heartbeat_url": Text(
        "A dead-man's switch, called after every cycle: it raises the alarm when this host is gone."
        " Forms: healthchecks (`https://hc-ping.com/...`), Uptime Kuma (`.../api/push/...`), "
        "or any address for a plain GET.",
        "周期実行のたびに呼び出す外部の死活監視。このホストごと止まったときに知らせてくれます。"
        "healthchecks(`https://hc-ping.com/...`)、Uptime Kuma(`.../api/push/...`)、"
        "その他の URL(GET のみ)に対応します。",
    ),
    "alert_cooldown_sec": Text(
        "Shortest time between two messages about the same thing.",
        "同じ内容の通知の最短間隔。",
    ),
    "tell_mended": Text(
        "Whether to tell about a fault that was mended before anybody had to be told.",
        "通知前に自動復旧できた障害も知らせるかどうか。",
    ),
    "kick_enabled": Text(
        "Whether recovery may be requested from outside.",
        "外からの復旧要求(キック)を受け付けるかどうか。",
    ),
    "kick_token": Text(
        "What a request must know; 16 characters or more, as `openssl rand -hex 32` prints them.",
        "要求の認可に使うトークン。16 文字以上(例: `openssl rand -hex 32` の出力)。",
    ),
    "kick_file": Text(
        "Where requests are put: a file for nothing else.",
        "要求を書き込む専用のファイル。",
    ),
    "kick_plain_allowed": Text(
        "Whether a request may hold the token itself; `false`: only signed requests count.",
        "トークンをそのまま書いた要求を受け付けるかどうか。`false` では署名付きの要求のみ有効。",
    ),
    "kick_allowed_sources": Text(
        "Who may ask, as patterns with `*`, and for what: `line:U*=restart_gateway+status,cli`."
        " Not set: everybody who knows the token, for everything.",
        "要求できる相手(`*` を使えるパターン)と、許す操作: `line:U*=restart_gateway+status,cli`。"
        "設定しなければ、トークンを知る全員にすべての操作を許可。",
    ),
    "pico_home": Text(
        "PicoClaw's folder, with `.env` and `config.json` in it. Only from the environment.",
        "PicoClaw のフォルダー(`.env` と `config.json` の場所)。環境変数でのみ設定できます。",
    ),
    "state_dir": Text(
        "The watchdog's state.",
        "監視の状態を置くフォルダー。",
    ),
    "log_dir": Text(
        "The folder of the log.",
        "ログのフォルダー。",
    ),
    "log_file": Text(
        "The log.",
        "ログファイル。",
    ),
    "log_max_bytes": Text(
        "Size at which the log is rotated.",
        "ログをローテーションする大きさ。",
    ),
    "log_keep": Text(
        "How many old logs are kept.",
        "残す古いログの数。",
    ),
    "captures_keep": Text(
        "How many journal captures are kept.",
        "残すジャーナル採取の数。",
    ),
    "history_days": Text(
        "How long history is kept.",
        "履歴を残す期間。",
    ),
}
