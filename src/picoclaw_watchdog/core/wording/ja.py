"""Japanese: the reasons. A new reason does not pass mypy until it has its words here."""
# The long matches are tables: one line for each reason.
# ruff: noqa: C901, PLR0912, PLR0915

from typing import assert_never

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.commands import command
from picoclaw_watchdog.core.reasons import Hold, Ill, Sight, Topic
from picoclaw_watchdog.core.targets import Action, Kind, Target, Verb
from picoclaw_watchdog.core.wording import facts


def target(target: Target) -> str:
    """What an incident is about."""
    match target.kind:
        case Kind.SERVICE:
            return "ゲートウェイ" if target == targets.GATEWAY else target.name
        case Kind.EXPOSURE:
            return "Funnel（公開経路）" if target == targets.FUNNEL else target.name
        case Kind.PEER:
            return "Ollama サーバー" if target == targets.OLLAMA else target.name
        case Kind.NETWORK:
            return "ネットワーク"
        case Kind.MANAGER:
            return "systemd（サービス管理）"
        case Kind.HOST:
            return "このホスト"
        case Kind.AGENT:
            return "見張り"
        case _:
            assert_never(target.kind)


def action(action: Action) -> str:
    """What is done."""
    match action.verb:
        case Verb.RESTART:
            return f"{target(action.target)}の再起動"
        case Verb.RECOVER:
            return "Funnel の再公開"
        case _:
            assert_never(action.verb)


def cause(cause: Ill) -> str:
    """What is wrong, as a clause in the present."""
    return f"{cause_stem(cause)}ます"


def cause_stem(cause: Ill) -> str:
    """What is wrong, up to where ます, ました or たため follows."""
    match cause:
        case Ill.SERVICE_DOWN:
            return "ゲートウェイが停止してい"
        case Ill.SERVICE_STOPPED:
            return "ゲートウェイが計画停止のあとも止まったままになってい"
        case Ill.SERVICE_START_LIMIT:
            return "ゲートウェイの起動を systemd が打ち切ってい"
        case Ill.SERVICE_STALE_PID:
            return "古い pid ファイルのためゲートウェイが起動できなくなってい"
        case Ill.SERVICE_MASKED:
            return "ゲートウェイのユニットがマスクされてい"
        case Ill.SERVICE_NOT_FOUND:
            return "ゲートウェイのユニットがない状態になってい"
        case Ill.SERVICE_ELSEWHERE:
            return "ゲートウェイが systemd のユニット以外で動いてい"
        case Ill.SERVICE_STARTING:
            return "ゲートウェイが起動処理を続けてい"
        case Ill.SERVICE_CRASH_LOOP:
            return "ゲートウェイが起動のたびに異常終了してい"
        case Ill.SERVICE_HUNG:
            return "ゲートウェイが固まって応答しなくなってい"
        case Ill.SERVICE_PORT_LOST:
            return "ゲートウェイは動作中なのに待ち受けがない状態になってい"
        case Ill.SERVICE_PORT_TAKEN:
            return "ゲートウェイのポートを別のプログラムが使ってい"
        case Ill.SERVICE_UNHEALTHY:
            return "ゲートウェイが自身の異常を報告してい"
        case Ill.WEBHOOK_DEAD:
            return "ゲートウェイの Webhook が応答しなくなってい"
        case Ill.WEBHOOK_SIGNATURE_REFUSED:
            return "正しい署名の LINE メッセージをゲートウェイが拒否してい"
        case Ill.FUNNEL_OFF:
            return "Funnel が無効になってい"
        case Ill.FUNNEL_UNREACHABLE:
            return "公開アドレスが応答しなくなってい"
        case Ill.FUNNEL_NOT_ALLOWED:
            return "このホストでは Tailscale の Funnel が許可されない状態になってい"
        case Ill.PUBLIC_NAME_UNKNOWN:
            return "公開名を DNS で解決できなくなってい"
        case Ill.LINE_WEBHOOK_OFF:
            return "LINE 側で Webhook の利用がオフになってい"
        case Ill.TAILSCALE_LOGGED_OUT:
            return "Tailscale がログアウトしてい"
        case Ill.TAILSCALE_KEY_EXPIRED:
            return "Tailscale のキーの期限が切れてい"
        case Ill.TAILSCALE_NOT_APPROVED:
            return "このホストが tailnet で未承認になってい"
        case Ill.TAILSCALE_STOPPED:
            return "Tailscale が止められてい"
        case Ill.TAILSCALE_DOWN:
            return "tailscaled が停止してい"
        case Ill.NETWORK_DOWN:
            return "ネットワークが切れてい"
        case Ill.PEER_DOWN:
            return "Ollama が応答しなくなってい"
        case Ill.PEER_NOT_READY:
            return "ゲートウェイが Ollama の準備未完了を報告してい"
        case Ill.PEER_MODELS_MISSING:
            return "Ollama に必要なモデルが足りなくなってい"
        case Ill.PEER_STUCK:
            return "Ollama は応答するのに文章を生成できなくなってい"
        case Ill.BUS_SILENT:
            return "systemd が応答しなくなってい"
        case Ill.SERVICE_CANNOT_START:
            return "ゲートウェイが今の構成では起動できなくなってい"
        case Ill.SERVICE_OF_THE_SYSTEM:
            return "ゲートウェイが動作せず、システムのユニットのため再起動できなくなってい"
        case Ill.SERVICE_ADDRESS_DIFFERS:
            return "見張りの設定とゲートウェイの設定とでアドレスが食い違ってい"
        case Ill.SERVICE_ANSWERS_OTHERWISE:
            return "ゲートウェイのアドレスがヘルスチェックではない応答を返してい"
        case Ill.PUBLIC_ANSWERS_OTHERWISE:
            return "公開アドレスが Webhook ではない応答を返してい"
        case Ill.PUBLIC_CERTIFICATE:
            return "公開アドレスの証明書が拒否されてい"
        case Ill.PEER_LOADING:
            return "Ollama がモデルの読み込みを続けてい"
        case Ill.PEER_NEEDS_KEY:
            return "Ollama のアドレスが API キーを求めてい"
        case Ill.PEER_MOVED:
            return "Ollama のアドレスが別の場所へ転送してい"
        case Ill.PEER_NOT_FOUND:
            return "Ollama のアドレスにモデル一覧がない状態になってい"
        case Ill.PEER_TOO_MANY:
            return "Ollama が「リクエストが多すぎる」と応答してい"
        case Ill.PEER_SAYS_ERROR:
            return "Ollama がエラーを返してい"
        case Ill.PEER_ANOTHER_PROGRAM:
            return "Ollama のアドレスで別のプログラムが応答してい"
        case Ill.HOST_CLOCK_WRONG:
            return "このホストの時計がずれてい"
        case Ill.HOST_NO_CERTIFICATES:
            return "このホストで証明書を検証できなくなってい"
        case Ill.HOST_NO_RESOLVER:
            return "このホストで名前解決ができなくなってい"
        case Ill.HOST_PROXY_NEEDED:
            return "このホストはプロキシなしではインターネットに届かなくなってい"
        case Ill.HOST_OUT_OF_PROCESSES:
            return "このホストの上限に達し、見張りがプログラムを起動できなくなってい"
        case Ill.WATCHDOG_BLIND:
            return "見張りが状態を確認できなくなってい"
        case Ill.SERVICE_START_OVERDUE:
            return "ゲートウェイの起動に時間がかかりすぎてい"
        case Ill.PEER_NOT_REACHED:
            return "Ollama の名前か証明書をこのホストで確認できなくなってい"
        case _:
            assert_never(cause)


def hold(hold: Hold) -> str:
    """Why nothing is done."""
    match hold:
        case Hold.PAUSED:
            return "見張りは一時停止中です"
        case Hold.STOPPED:
            return "ゲートウェイは計画停止中です"
        case Hold.UNKNOWN:
            return "状態を確認できないため、手を出しません"
        case Hold.FOLLOWS_ANOTHER:
            return "別の障害に伴うものです"
        case Hold.BACKOFF:
            return "前回の試みから間がないため待っています"
        case Hold.STARTING:
            return "まだ起動の途中です"
        case Hold.SETTLING:
            return "ホストが起動または復帰した直後です"
        case Hold.UNCONFIRMED:
            return "もう一度確かめてから判断します"
        case Hold.BUDGET_SPENT:
            return "この時間内に許された回数を使い切りました"
        case Hold.SUPPRESSED:
            return "ゲートウェイを再起動しても直らなかったため控えています"
        case Hold.CANNOT_HELP:
            return "ここで実行できる手段では直りません"
        case Hold.ALREADY_RESTARTED:
            return "この周期ですでに再起動しました"
        case Hold.NOT_RECORDABLE:
            return "記録を残せないため、実行しません"
        case Hold.NEVER_GOOD:
            return "ここで正常に動いたことがまだなく、戻すべき状態がありません"
        case Hold.IN_THE_WAY:
            return "ほかの設定まで変わるため、実行しません"
        case Hold.KEPT_FOR_FAULTS:
            return "最後の 1 回は障害に備えて残してあります"
        case _:
            assert_never(hold)


def sight(sight: Sight) -> str:
    """What a look found."""
    match sight:
        case Sight.AS_EXPECTED:
            return "正常"
        case Sight.UNIT_INACTIVE:
            return "ユニットが停止中"
        case Sight.UNIT_FAILED:
            return "ユニットが失敗状態"
        case Sight.UNIT_CHANGING:
            return "ユニットが起動または停止の途中"
        case Sight.UNIT_AUTO_RESTART:
            return "systemd がユニットを再起動するところ"
        case Sight.UNIT_START_LIMIT:
            return "systemd がユニットの起動を打ち切った"
        case Sight.UNIT_MASKED:
            return "ユニットがマスクされている"
        case Sight.UNIT_NOT_FOUND:
            return "ユニットが存在しない"
        case Sight.BUS_SILENT:
            return "systemd が応答しない"
        case Sight.PORT_CLOSED:
            return "待ち受けがない"
        case Sight.PORT_TAKEN:
            return "別のプログラムが待ち受けている"
        case Sight.REFUSED:
            return "接続が拒否された"
        case Sight.NO_ANSWER:
            return "時間内に応答がない"
        case Sight.WRONG_STATUS:
            return "想定と違うステータスの応答"
        case Sight.NOT_HTTP:
            return "HTTP ではない応答"
        case Sight.NAME_UNKNOWN:
            return "名前を解決できない"
        case Sight.NO_ROUTE:
            return "到達する経路がない"
        case Sight.TLS_FAILED:
            return "TLS 接続ができない"
        case Sight.READY_OLLAMA:
            return "準備未完了（原因は Ollama のみ）"
        case Sight.READY_STOCK:
            return "準備未完了（この版の PicoClaw では常にこう答える）"
        case Sight.READY_FAILING:
            return "準備未完了"
        case Sight.SHARED_PORT:
            return "ゲートウェイ本体のポートで提供中"
        case Sight.FUNNEL_OFF:
            return "Funnel が無効"
        case Sight.FUNNEL_ELSEWHERE:
            return "Funnel は有効だが、この Webhook 向けではない"
        case Sight.TAILSCALE_MISSING:
            return "Tailscale が未導入"
        case Sight.TAILSCALE_SILENT:
            return "Tailscale が応答しない"
        case Sight.TAILSCALED_DOWN:
            return "tailscaled が停止中"
        case Sight.TAILSCALE_STOPPED:
            return "Tailscale が止められている"
        case Sight.TAILSCALE_STARTING:
            return "Tailscale が起動中"
        case Sight.LOGGED_OUT:
            return "Tailscale がログアウト状態"
        case Sight.KEY_EXPIRED:
            return "Tailscale のキーが期限切れ"
        case Sight.NOT_APPROVED:
            return "ホストが tailnet で未承認"
        case Sight.NOT_ALLOWED:
            return "このホストに Funnel が許可されていない"
        case Sight.SIGNATURE_REFUSED:
            return "正しい署名が拒否された"
        case Sight.WEBHOOK_SWITCHED_OFF:
            return "LINE 側で Webhook がオフ"
        case Sight.LINE_CANNOT_REACH:
            return "LINE から Webhook に届かない"
        case Sight.MODELS_MISSING:
            return "必要なモデルがない"
        case Sight.GENERATION_STUCK:
            return "応答はするが生成できない"
        case Sight.NOT_DUE:
            return "まだ確認の時期ではない"
        case Sight.NO_ADDRESS:
            return "確認先のアドレスが不明"
        case Sight.PROBE_BROKEN:
            return "見張り自身のエラー"
        case Sight.UNIT_CANNOT_START:
            return "今の構成ではユニットを起動できない"
        case Sight.UNIT_WAITS_FOR_READY:
            return "動作中だが、systemd は READY を待っている"
        case Sight.UNIT_OF_THE_SYSTEM:
            return "システムのユニット"
        case Sight.NEEDS_KEY:
            return "API キーを求められた"
        case Sight.MOVED:
            return "別の場所へ転送された"
        case Sight.NOT_FOUND:
            return "このアドレスには何もない"
        case Sight.TOO_MANY:
            return "リクエストが多すぎると断られた"
        case Sight.LOADING:
            return "読み込み中"
        case Sight.SAYS_ERROR:
            return "エラーの応答"
        case Sight.ANOTHER_PROGRAM:
            return "別のプログラムが応答した"
        case Sight.CERTIFICATE_REFUSED:
            return "証明書が拒否された"
        case Sight.NO_CERTIFICATES:
            return "検証に使う証明書がこのホストにない"
        case Sight.READY_STARTING:
            return "準備未完了（起動の途中）"
        case Sight.TAILSCALE_DENIED:
            return "このユーザーは Tailscale に問い合わせできない"
        case Sight.CLOCK_WRONG:
            return "このホストの時計がずれている"
        case Sight.NO_RESOLVER:
            return "このホストで名前解決ができない"
        case Sight.PROXY_NEEDED:
            return "プロキシなしではインターネットに届かない"
        case Sight.OUT_OF_PROCESSES:
            return "プログラムを起動できない"
        case Sight.NODE_OFFLINE:
            return "Tailscale の管理サーバーに接続していない"
        case _:
            assert_never(sight)


def topic(topic: Topic) -> str:
    """What kind of message it is."""
    match topic:
        case Topic.MENDED:
            return "復旧しました"
        case Topic.RESTART_FAILED:
            return "再起動しても直りませんでした"
        case Topic.BUDGET_SPENT:
            return "許された回数を使い切りました"
        case Topic.HEALTH_FAILING:
            return "まだ復旧していません"
        case Topic.OWNER_MUST_ACT:
            return "対応が必要です"
        case Topic.FUNNEL_FAILED:
            return "Funnel を復旧できませんでした"
        case Topic.OLLAMA_FAILING:
            return "Ollama の不調が続いています"
        case Topic.NETWORK_AWAY:
            return "インターネットへの経路が失われています"
        case Topic.BUS_SILENT:
            return "ゲートウェイを見張れなくなっています"
        case Topic.KICK_REFUSED:
            return "復旧の依頼を拒否しました"
        case Topic.KICK_DONE:
            return "依頼どおり実行しました"
        case Topic.KICK_WITHHELD:
            return "依頼を受けましたが、見送りました"
        case Topic.KICK_FAILED:
            return "依頼を受けましたが、成功しませんでした"
        case Topic.SETTINGS_BROKEN:
            return "見張りの設定に誤りがあります"
        case Topic.STILL_PAUSED:
            return "見張りは一時停止したままです"
        case Topic.STILL_STOPPED:
            return "ゲートウェイは停止したままです"
        case Topic.ALL_CLEAR:
            return "すべて復旧しました"
        case Topic.SWITCHED:
            return "依頼による切り替え"
        case Topic.BLIND:
            return "見張りが状態を確認できていません"
        case _:
            assert_never(topic)


def remedy(cause: Ill, unit: str, models: tuple[str, ...]) -> list[str]:
    """The exact things that the owner can do about it: each is a command, or ends in one."""
    match cause:
        case Ill.SERVICE_MASKED:
            return [_systemctl("unmask", unit), _systemctl("start", unit)]
        case Ill.SERVICE_NOT_FOUND:
            return ["導入するか、PICOCLAW_WATCHDOG_GATEWAY_SERVICE に実際の名前を設定"]
        case Ill.SERVICE_ELSEWHERE:
            return ["手動で起動したゲートウェイを終了", _systemctl("start", unit)]
        case Ill.SERVICE_PORT_TAKEN:
            return ["そのプログラムを終了するか、ポートを変更", _systemctl("restart", unit)]
        case Ill.SERVICE_START_LIMIT:
            return [_systemctl("reset-failed", unit), _systemctl("start", unit)]
        case Ill.SERVICE_STALE_PID:
            return ["picoclaw-watchdog doctor --fix", _systemctl("restart", unit)]
        case (
            Ill.SERVICE_DOWN
            | Ill.SERVICE_STOPPED
            | Ill.SERVICE_STARTING
            | Ill.SERVICE_START_OVERDUE
            | Ill.SERVICE_CRASH_LOOP
            | Ill.SERVICE_HUNG
            | Ill.SERVICE_PORT_LOST
            | Ill.SERVICE_UNHEALTHY
        ):
            return [_journal(unit)]
        case Ill.WEBHOOK_DEAD:
            return ["PicoClaw の LINE チャネルが有効か確認し: picoclaw-watchdog doctor"]
        case Ill.WEBHOOK_SIGNATURE_REFUSED:
            return [
                "PicoClaw の設定と LINE コンソールのチャネルシークレット（channel secret）を照合"
            ]
        case Ill.FUNNEL_OFF | Ill.FUNNEL_UNREACHABLE | Ill.PUBLIC_NAME_UNKNOWN:
            return ["tailscale funnel status"]
        case Ill.FUNNEL_NOT_ALLOWED:
            return ["許可の手順: https://tailscale.com/s/no-funnel"]
        case Ill.LINE_WEBHOOK_OFF:
            return ["「Webhookの利用」をオンに: https://developers.line.biz/console/"]
        case Ill.TAILSCALE_LOGGED_OUT | Ill.TAILSCALE_STOPPED:
            return ["sudo tailscale up"]
        case Ill.TAILSCALE_KEY_EXPIRED:
            return ["sudo tailscale up --force-reauth"]
        case Ill.TAILSCALE_NOT_APPROVED:
            return ["このホストを承認: https://login.tailscale.com/admin/machines"]
        case Ill.TAILSCALE_DOWN:
            return ["sudo systemctl start tailscaled"]
        case Ill.NETWORK_DOWN:
            return ["ルーターと配線を確認"]
        case Ill.PEER_DOWN | Ill.PEER_STUCK:
            return ["Ollama の動くホストで: sudo systemctl restart ollama"]
        case Ill.PEER_NOT_READY:
            return [
                "Ollama の動くホストで読み込み済みのモデルを確認: ollama ps",
                "モデルを常駐させるには、そのホストで OLLAMA_KEEP_ALIVE=-1 を設定",
            ]
        case Ill.PEER_MODELS_MISSING:
            wanted = [command("ollama", "pull", each) for each in models]
            return [f"Ollama の動くホストで: {each}" for each in wanted or ["ollama pull モデル名"]]
        case Ill.BUS_SILENT:
            return ["ゲートウェイのユーザーでログインし: systemctl --user status"]
        case Ill.SERVICE_CANNOT_START:
            return [f"systemd の示す箇所を修正: {_systemctl('status', unit)}"]
        case Ill.SERVICE_OF_THE_SYSTEM:
            return [command("sudo", "systemctl", "restart", unit)]
        case Ill.SERVICE_ADDRESS_DIFFERS | Ill.SERVICE_ANSWERS_OTHERWISE:
            return ["アドレスを照合: picoclaw-watchdog doctor"]
        case Ill.PUBLIC_ANSWERS_OTHERWISE:
            return ["公開中の設定を確認: tailscale funnel status"]
        case Ill.PUBLIC_CERTIFICATE:
            return [
                "まずこのホストの時計を確認: timedatectl",
                "拒否の理由を確認: picoclaw-watchdog doctor",
            ]
        case Ill.PEER_LOADING:
            return ["終わらない場合は、読み込んでいるサーバーのログを確認"]
        case Ill.PEER_NEEDS_KEY:
            return ["PICOCLAW_WATCHDOG_OLLAMA_API_KEY に有効な API キーを設定"]
        case Ill.PEER_MOVED | Ill.PEER_NOT_FOUND | Ill.PEER_ANOTHER_PROGRAM:
            return ["PICOCLAW_WATCHDOG_OLLAMA_MODELS_URL にモデル一覧のアドレスを設定"]
        case Ill.PEER_TOO_MANY:
            return ["続く場合は、相手側の上限を上げるか、利用を減らす"]
        case Ill.PEER_SAYS_ERROR:
            return ["応答しているサーバーのログを確認"]
        case Ill.PEER_NOT_REACHED:
            return ["名前と証明書を確認: picoclaw-watchdog doctor"]
        case Ill.HOST_CLOCK_WRONG:
            return ["sudo timedatectl set-ntp true"]
        case Ill.HOST_NO_CERTIFICATES:
            return ["Debian・Ubuntu の場合: sudo apt install --reinstall ca-certificates"]
        case Ill.HOST_NO_RESOLVER:
            return ["ネームサーバーの設定を確認: cat /etc/resolv.conf"]
        case Ill.HOST_PROXY_NEEDED:
            return ["見張りのユニットに HTTPS_PROXY を設定: picoclaw-watchdog doctor"]
        case Ill.HOST_OUT_OF_PROCESSES:
            return ["どの上限に達したか確認: picoclaw-watchdog doctor"]
        case Ill.WATCHDOG_BLIND:
            return ["理由を確認: picoclaw-watchdog doctor"]
        case _:
            assert_never(cause)


def ways_out(target: Target, cause: Ill, unit: str) -> list[str]:
    """What can be meant where something was never seen working."""
    start = facts.start_of(cause, unit)
    steps = [f"動かす場合: {start}"] if start else []
    if target.kind is Kind.PEER:
        steps.append("動かす場合は、そのホストで: sudo systemctl start ollama")
    if target.kind is Kind.EXPOSURE:
        steps.append(f"公開する場合: {facts.DOCTOR}")
    return [
        *steps,
        f"アドレスの誤りなら {facts.setting_of(cause)} を修正",
        f"移転したなら、移転先で動いてから: {facts.accept(target)}",
    ]


def _systemctl(verb: str, unit: str) -> str:
    return command("systemctl", "--user", verb, unit)


def _journal(unit: str) -> str:
    return command("journalctl", "--user", "-u", unit, "-n", 50)
