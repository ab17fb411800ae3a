"""What `init` says, in English and Japanese."""

from picoclaw_watchdog.core.text import Text

TITLE = Text(
    "Setting up the watchdog on {host} for {user}",
    "{host} の {user} 用に監視を設定します",
)
AS_ROOT = Text(
    "you are root: this sets up the watch of root's own gateway, not of another user's",
    "root で実行しています。設定されるのは root 自身の Gateway の監視です",
)
LOOKING = Text("Looking around ...", "調べています ...")
FOUND_UNIT = Text("the gateway is {unit}", "Gateway は {unit} です")
FOUND_SYSTEMS_UNIT = Text(
    "{unit} is a unit of the whole system (sudo systemctl status {word}): its ills are told, but "
    "it is not restarted",
    "{unit} はシステム全体のユニットです (sudo systemctl status {word})。異常は知らせますが、"
    "再起動は行いません",
)
NO_FUNNEL = Text(
    "No Funnel leads to the webhook, so LINE cannot reach it. Nothing is published by this set-up; "
    "whoever wants it runs:",
    "Webhook への Funnel がないため、LINE から届きません。この設定では何も公開しません。"
    "公開する場合は次を実行してください:",
)
WOULD_PUBLISH = Text(
    "It makes public, to everybody: https://{name}/ with every path that the program on port "
    "{port} answers",
    "公開されるもの (誰でも見られます): https://{name}/ と、ポート {port} のプログラムが応答する"
    "すべてのパス",
)
WOULD_CHANGE = Text(
    "Move these entries to another port first; they would become public or be replaced: {others}",
    "先に次の設定を別のポートへ移してください。公開または置き換えの対象になります: {others}",
)
FOUND_NO_UNIT = Text("no unit of the gateway was found", "Gateway のユニットが見つかりません")
FOUND_TAILSCALE = Text("Tailscale runs as {name}", "Tailscale は {name} として動作中です")
FOUND_FUNNEL = Text("LINE reaches the webhook at {url}", "Webhook の公開 URL は {url} です")
FOUND_TOKEN = Text("the LINE token is in {where}", "LINE のトークンは {where} にあります")
FOUND_SETTING = Text("{key}={value} ({why})", "{key}={value}（{why}）")

OF_ENVIRONMENT = Text("from the environment, which the service does not see", "環境変数から")
OF_UNITS = Text("the only unit of PicoClaw here", "唯一の PicoClaw ユニット")
OF_PORT = Text("the gateway serves the webhook there", "Webhook もこのポートです")
OF_MAGIC = Text(
    "on this host the public name is its own address, so LINE is asked to test it",
    "このホストでは公開名が自分自身になるため、LINE に確認してもらいます",
)
OF_OWNER = Text("as you typed it", "入力による")

ASK_UNIT = Text("Which of these is the gateway? {units}", "Gateway はどれですか? {units}")
ASK_TOKEN = Text(
    "LINE channel access token (not shown; Enter: without LINE)",
    "LINE のチャネルアクセストークン（表示されません。Enter で LINE なし）",
)
WHERE_TOKEN = Text(
    "To tell you what happens, the watchdog needs the bot's channel access token: "
    "developers.line.biz/console, your channel, Messaging API, at the bottom.",
    "通知にはボットのチャネルアクセストークンが必要です。developers.line.biz/console の"
    "チャネルを開き、「Messaging API設定」の一番下にあります。",
)
NO_TOKEN = Text("there is no token", "トークンがありません")
TOKEN_MALFORMED = Text(
    "That is no token: it has blanks or other characters that none has. Copy it again in one line.",
    "トークンに使えない文字が含まれています。1 行でコピーし直してください。",
)
ASK_TO = Text("Your LINE user ID", "あなたの LINE ユーザー ID")
WHERE_TO = Text(
    "Messages go to one LINE ID. Yours is at developers.line.biz/console, your channel, Basic "
    'settings, "Your user ID": U and 32 digits. It is neither the name you search friends by nor '
    "an ID from another provider's channel: each provider knows you by another one.",
    "通知先は LINE の ID です。developers.line.biz/console のチャネルを開き、「チャネル基本設定」の"
    "「あなたのユーザー ID」にある、U と 32 桁の文字です。友だち検索の ID とは異なり、"
    "別プロバイダーのチャネルの ID も使えません（プロバイダーごとに異なります）。",
)
NOT_AN_ID = Text(
    "That is no LINE ID: it is U, C or R and 32 of 0-9 a-f in lower case, 33 characters; "
    "this has {length}.",
    "LINE の ID は U・C・R のいずれかと小文字の 0-9 a-f 32 桁、計 33 文字です"
    "（入力は {length} 文字）。",
)
KEEP_TO = Text(
    "Enter keeps it all the same; or type another ID", "Enter でそのまま使用、または別の ID を入力"
)
CONFIRM = Text(
    "Write {env}, install and begin to watch? (y/n)",
    "{env} を書き、インストールして監視を始めますか? (y/n)",
)
NOTHING_DONE = Text("Nothing was changed.", "何も変更していません。")
NO_ANSWER = Text(
    "There is nobody to answer. For machines: picoclaw-watchdog init --yes",
    "応答がありません。無人で行う場合: picoclaw-watchdog init --yes",
)
INTERRUPTED = Text("Interrupted: {what}", "中断しました: {what}")
WROTE = Text("wrote {env}, readable by you alone", "{env} を書きました（本人のみ読み取り可）")
UNCHANGED = Text("{env} is right as it is", "{env} は変更不要です")
INSTALLED = Text("program and units are installed", "プログラムとユニットをインストールしました")
ENABLED = Text(
    "the watch has begun: a cycle every {seconds} s", "監視を開始しました（{seconds} 秒ごと）"
)
NO_BUS = Text(
    "systemd --user does not answer, so the watch was not begun. In a login session: "
    "picoclaw-watchdog enable",
    "systemd --user が応答しないため、監視は始まっていません。ログインセッションで "
    "picoclaw-watchdog enable を実行してください",
)
CYCLE = Text("the first cycle has run", "最初の確認を行いました")
CYCLE_NOT = Text("the first cycle did not end well: {why}", "最初の確認に失敗しました: {why}")
WITHOUT_LINE = Text(
    "without LINE: nobody is told anything (again: picoclaw-watchdog init)",
    "LINE 通知なしです（後から設定: picoclaw-watchdog init）",
)
MISTAKES = Text(
    "Please mend these first; nothing was changed.",
    "先に次の誤りを直してください。何も変更していません。",
)
PLAIN = Text("{said}", "{said}")
SETTING_UP = Text("Setting up", "設定")
TEST = Text("A test message", "テスト通知")
STATUS = Text("Status", "状態")
DOCTOR = Text("Left to do (picoclaw-watchdog doctor)", "残りの作業 (picoclaw-watchdog doctor)")
STATE_WRITTEN = Text(
    "the settings are written, nothing is installed yet. Again: picoclaw-watchdog init",
    "設定は書き終えました。インストールはまだです。再実行: picoclaw-watchdog init",
)
STATE_INSTALLED = Text(
    "settings and program are in place. Again: picoclaw-watchdog init",
    "設定とプログラムは揃っています。再実行: picoclaw-watchdog init",
)
FAILED = Text("It did not work: {why}", "失敗しました: {why}")
FILE_NOTE = "Written by `picoclaw-watchdog init`: {why}"
