"""What the install says, in English and Japanese."""

from picoclaw_watchdog.core.text import Text
from picoclaw_watchdog.install.files import Fate
from picoclaw_watchdog.install.missing import Missing

FATES = {
    Fate.NEW: Text("new", "新規"),
    Fate.REPLACED: Text("replaced", "置換"),
    Fate.SAME: Text("nothing to do", "変更なし"),
    Fate.GONE: Text("removed", "削除"),
    Fate.KEPT: Text("yours, kept", "編集済み、残す"),
}

INSTALLED = Text("Installed.", "インストールしました。")
NOTHING_CHANGED = Text(
    "Everything was in place; nothing was changed.", "すべて最新です。何も変更していません。"
)
TAKEN_OVER = Text(
    "Taken over from the shell watchdog: its settings, state and log go on.",
    "シェル版から引き継ぎました。設定・状態・ログはそのまま使います。",
)
HARDENED = Text(
    "The service is restricted (no new privileges, system calls filtered): nothing needs sudo.",
    "sudo が不要なため、サービスの権限を制限しました (NoNewPrivileges、システムコール制限)。",
)
NOT_HARDENED = Text(
    "The service is not restricted, because mending the Funnel needs sudo here. "
    "`sudo tailscale set --operator={user}` and another install change that; the account may "
    "then change all of Tailscale.",
    "Funnel の復旧に sudo を使うため、サービスの権限は制限していません。"
    "`sudo tailscale set --operator={user}` の後に再インストールすると制限されますが、"
    "このアカウントは Tailscale 全体を変更できるようになります。",
)
REFUSED = Text("systemd complained: {why}", "systemd のエラー: {why}")
STILL_TO_DO = Text("Still to do:", "残っている作業:")

MISSING = {
    Missing.NO_BUS: Text(
        "No systemd --user answers here. Once it does: systemctl --user daemon-reload, "
        "then make enable-watchdog.",
        "systemd --user が応答しません。使えるようになったら systemctl --user daemon-reload、"
        "続いて make enable-watchdog を実行してください。",
    ),
    Missing.NOT_ENABLED: Text(
        "The watch is not enabled yet: make enable-watchdog",
        "監視はまだ有効ではありません: make enable-watchdog",
    ),
    Missing.GATEWAY_UNKNOWN: Text(
        "There is no unit {gateway}. If the gateway's has another name: "
        "PICOCLAW_WATCHDOG_GATEWAY_SERVICE in {env}",
        "ユニット {gateway} がありません。別名の場合は {env} の "
        "PICOCLAW_WATCHDOG_GATEWAY_SERVICE に書いてください。",
    ),
    Missing.LINGER_OFF: Text(
        "Gateway and watchdog end when you log out: sudo loginctl enable-linger {user}",
        "ログアウトすると Gateway も監視も止まります: sudo loginctl enable-linger {user}",
    ),
    Missing.TAILSCALE_ABSENT: Text(
        "`tailscale` is not on PATH: the Funnel is not watched.",
        "PATH に `tailscale` がないため、Funnel は監視されません。",
    ),
    Missing.FUNNEL_FORBIDDEN: Text(
        "The Funnel cannot be mended without a password. To allow exactly that command, "
        "`sudo visudo -f /etc/sudoers.d/picoclaw-watchdog` with this line: {sudoers}",
        "パスワードなしでは Funnel を復旧できません。このコマンドだけを許可するには、"
        "`sudo visudo -f /etc/sudoers.d/picoclaw-watchdog` で次の 1 行を加えてください: {sudoers}",
    ),
    Missing.FUNNEL_FOR_OPERATORS: Text(
        "The Funnel cannot be mended without a password, and sudoers cannot name this command "
        "exactly. `sudo tailscale set --operator={user}` allows it, and lets this account change "
        "all of Tailscale.",
        "パスワードなしでは Funnel を復旧できず、sudoers でもこのコマンドだけを許可できません。"
        "`sudo tailscale set --operator={user}` で可能になりますが、"
        "このアカウントは Tailscale 全体を変更できるようになります。",
    ),
    Missing.LINE_OFF: Text(
        "Nobody is told anything: PICOCLAW_WATCHDOG_LINE_NOTIFY_ENABLED, "
        "PICOCLAW_WATCHDOG_LINE_NOTIFY_TO and PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN in {env}",
        "LINE 通知は無効です。{env} の PICOCLAW_WATCHDOG_LINE_NOTIFY_ENABLED、"
        "PICOCLAW_WATCHDOG_LINE_NOTIFY_TO、PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN を"
        "設定してください。",
    ),
    Missing.LINE_INCOMPLETE: Text(
        "LINE messages are on, but PICOCLAW_WATCHDOG_LINE_NOTIFY_TO or "
        "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN is not set in {env}",
        "LINE 通知は有効ですが、{env} に PICOCLAW_WATCHDOG_LINE_NOTIFY_TO または "
        "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN がありません。",
    ),
    Missing.COMMAND_NOT_ON_PATH: Text(
        "The command is {command}; its folder is not on your PATH.",
        "コマンドは {command} です。このフォルダーは PATH にありません。",
    ),
}

APPRISE_FAILED = Text(
    "The Apprise library could not be installed, so only LINE is told: {why}. "
    "Run `picoclaw-watchdog install` again when that is mended.",
    "Apprise をインストールできなかったため、LINE 以外には通知できません: {why}。"
    "解決したら、もう一度 `picoclaw-watchdog install` を実行してください。",
)
ENABLED = Text(
    "The watch is enabled: a cycle every {seconds} s, and at once when the gateway fails.",
    "監視を有効にしました。{seconds} 秒ごと、および Gateway の異常終了時に直ちに実行されます。",
)
DISABLED = Text("The watch is disabled.", "監視を無効にしました。")
FAILED = Text("It did not work: {why}", "失敗しました: {why}")
NOT_INSTALLED = Text(
    "It is not installed yet: make install-watchdog",
    "まだインストールされていません: make install-watchdog",
)
NOTHING_INSTALLED = Text("Nothing was installed.", "インストールされていませんでした。")
UNINSTALLED = Text("Uninstalled.", "アンインストールしました。")
KEPT = Text("Yours, and kept: {paths}", "残したもの: {paths}")
CANNOT_WRITE = Text("{path}: {why}", "{path}: {why}")
