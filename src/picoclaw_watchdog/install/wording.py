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
    "The service is not restricted, because restoring the Funnel needs sudo here.",
    "Funnel の復旧に sudo を使うため、サービスの権限は制限していません。",
)
# One exact line of sudoers, put where sudo looks for it.
ALLOW = (
    "printf '%s\\n' {line} | "
    "sudo install -m 440 /dev/stdin /etc/sudoers.d/picoclaw-watchdog && sudo visudo -c"
)
BE_OPERATOR = "sudo tailscale set --operator={user}"
PRICE = Text(
    "every program of this account may then change everything of Tailscale here: publish, log out, "
    "read certificate keys",
    "このアカウントの全プログラムが Tailscale のすべて (公開、ログアウト、証明書の鍵) を"
    "操作できるようになります",
)
REFUSED = Text(
    "Not installed: systemd does not take the units ({why}). Those from before are back.",
    "インストールできませんでした。systemd がユニットを受け付けないため ({why})、"
    "以前のユニットに戻しました。",
)
UNSAFE = Text(
    "Other users may write in folders on the way to what is installed, and so replace it:",
    "インストール先までのフォルダーに他のユーザーが書き込め、プログラムを置き換えられます:",
)
CLOSE = "chmod go-w {folders}"
STILL_TO_DO = Text("Still to do:", "残っている作業:")

MISSING = {
    Missing.NO_BUS: Text(
        "No systemd --user answers here. Once it does:",
        "systemd --user が応答しません。使えるようになったら次を実行してください:",
    ),
    Missing.NOT_ENABLED: Text(
        "The watch is not enabled yet:",
        "監視はまだ有効ではありません:",
    ),
    Missing.GATEWAY_UNKNOWN: Text(
        "There is no unit {gateway}. If the gateway's has another name: "
        "PICOCLAW_WATCHDOG_GATEWAY_SERVICE in {env}",
        "ユニット {gateway} がありません。別名の場合は {env} の "
        "PICOCLAW_WATCHDOG_GATEWAY_SERVICE に書いてください。",
    ),
    Missing.GATEWAY_IS_THE_SYSTEMS: Text(
        "{gateway} is a unit of the whole system: its ills are told, but it is not restarted.",
        "{gateway} はシステム全体のユニットです。異常は知らせますが、再起動は行いません。",
    ),
    Missing.LINGER_OFF: Text(
        "Gateway and watchdog end when you log out:",
        "ログアウトすると Gateway も監視も止まります:",
    ),
    Missing.TAILSCALE_ABSENT: Text(
        "`tailscale` is not on PATH: the Funnel is not watched.",
        "PATH に `tailscale` がないため、Funnel は監視されません。",
    ),
    Missing.FUNNEL_FORBIDDEN: Text(
        "A lost Funnel cannot be restored without a password. This allows exactly the one command "
        "that it takes:",
        "パスワードなしでは Funnel を復旧できません。次のコマンドは、必要な 1 つのコマンドだけを"
        "許可します:",
    ),
    Missing.FUNNEL_UNSAYABLE: Text(
        "A lost Funnel cannot be restored without a password, and sudoers cannot allow the one "
        "command exactly here. An operator can; the price: " + PRICE.en + ".",
        "パスワードなしでは Funnel を復旧できず、ここでは sudoers で厳密に許可できません。operator "
        "なら可能ですが、" + PRICE.ja + "。",
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
# What mends it, on a line of its own: it is copied from there.
COMMANDS = {
    Missing.NO_BUS: "make enable-watchdog",
    Missing.NOT_ENABLED: "make enable-watchdog",
    Missing.GATEWAY_UNKNOWN: "systemctl --user list-unit-files '*claw*'",
    Missing.GATEWAY_IS_THE_SYSTEMS: "sudo systemctl status {gateway}",
    Missing.LINGER_OFF: "sudo loginctl enable-linger {user}",
    Missing.FUNNEL_FORBIDDEN: ALLOW,
    Missing.FUNNEL_UNSAYABLE: BE_OPERATOR,
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
