"""Japanese: the messages."""

from typing import assert_never

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.model import Alert
from picoclaw_watchdog.core.reasons import Ill, Topic
from picoclaw_watchdog.core.switches import REMINDERS
from picoclaw_watchdog.core.targets import Verb
from picoclaw_watchdog.core.wording import facts
from picoclaw_watchdog.core.wording.facts import Matter, Untouched, fact
from picoclaw_watchdog.core.wording.ja import action, cause_stem, remedy, target, topic, ways_out
from picoclaw_watchdog.core.wording.requests import request_reason

_UNITS = {"d": "日", "h": "時間", "min": "分", "s": "秒"}

_UNTOUCHED = {
    Untouched.NEVER_GOOD: "ここで正常に動いたことがまだないため、何も変更していません。",
    Untouched.ANSWERS: "応答はあるため、再起動はしていません。",
    Untouched.ELSEWHERE: "再起動では直らないため、再起動はしていません。",
    Untouched.OUTSIDE: "再起動はせず、Funnel にも手を付けていません。",
    Untouched.HOST: "原因はこのホストにあります。Funnel には手を付けていません。",
    Untouched.UNSEEN: "正常かどうか分からないため、何も変更していません。",
}


def letter(alert: Alert, host: str, waited: float) -> str:
    """One message: the headline, what is known, what to do, where to look."""
    lines = [f"【{host}】{_drill(alert)}{_headline(alert)}"]
    lines += _known(alert)
    lines += _footnotes(alert, waited)
    quiet = alert.topic in facts.QUIET
    return "\n".join([*lines, f"詳細: {facts.STATUS if quiet else facts.WHY}"])


def _known(alert: Alert) -> list[str]:
    if alert.topic in facts.ANSWERS:
        return _answer(alert)
    if alert.topic is Topic.SWITCHED:
        return _switched(alert)
    return _over(alert) if alert.topic in {Topic.MENDED, Topic.ALL_CLEAR} else _open(alert)


def digest(about: tuple[Matter, ...], host: str, waited: float) -> str:
    """Several matters, a line each."""
    open_matters = sum(not matter.is_over for matter in about)
    late = f"（{_span(waited)}のあいだ通知できませんでした）" if waited >= facts.LATE else ""
    lines = [f"【{host}】報告 {len(about)}件{late}"]
    lines += [_line(matter) for matter in about[-facts.MATTERS_MAX :]]
    unlisted = len(about) - facts.MATTERS_MAX
    if unlisted > 0:
        lines.insert(1, f"…これ以前に {unlisted}件")
    if (gone := facts.suppressed(tuple(a for each in about for a in each.letters))) > 0:
        lines.append(f"（ほかに {gone}件は通知を省きました）")
    lines.append(f"未解決: {open_matters}件" if open_matters else "すべて解決済みです。")
    return "\n".join([*lines, f"詳細: {facts.STATUS}"])


def _line(matter: Matter) -> str:
    last = matter.last
    text = _headline(last)
    if last.topic is Topic.ALL_CLEAR:
        text = f"{_fault(last)}。{_mended_by(last)}"
    elif not matter.is_over and (steps := _to_do(last)):
        text += f" → {steps[0]}"
    times = f"（{matter.more + 1}回）" if matter.more else ""
    return f"{matter.clock} {_drill(last)}{text}{times}".strip()


def _drill(alert: Alert) -> str:
    return "（訓練）" if fact(alert, "drill") else ""


def _headline(alert: Alert) -> str:
    match alert.topic:
        case Topic.MENDED:
            return _mended(alert)
        case Topic.ALL_CLEAR:
            return f"{_subject(alert)}が復旧しました"
        case (
            Topic.OWNER_MUST_ACT
            | Topic.FUNNEL_FAILED
            | Topic.OLLAMA_FAILING
            | Topic.NETWORK_AWAY
            | Topic.RESTART_FAILED
            | Topic.BUDGET_SPENT
            | Topic.HEALTH_FAILING
            | Topic.BUS_SILENT
        ):
            return "。".join([_fault(alert), *_turn(alert)])
        case (
            Topic.KICK_REFUSED
            | Topic.SETTINGS_BROKEN
            | Topic.STILL_PAUSED
            | Topic.STILL_STOPPED
            | Topic.SWITCHED
        ):
            return ": ".join([topic(alert.topic), *_switches(alert)])
        case Topic.BLIND:
            unseen = "、".join(map(target, facts.blind_to(alert)))
            return f"{topic(alert.topic)}{f': {unseen}' if unseen else ''}"
        case Topic.KICK_DONE | Topic.KICK_WITHHELD | Topic.KICK_FAILED:
            asked = facts.wanted(alert)
            about = f"{action(asked)}: " if asked else ""
            return f"{about}{topic(alert.topic)}"
        case _:
            assert_never(alert.topic)


def _turn(alert: Alert) -> list[str]:
    """What came of a fault so far, where its name alone does not say enough."""
    silent = {Topic.OLLAMA_FAILING, Topic.NETWORK_AWAY}
    if alert.cause is None or alert.topic in silent or facts.may_pass(alert):
        return []
    if facts.items(alert, "stands"):
        return ["ほかの設定に影響するため、復旧していません"]
    if alert.topic is Topic.FUNNEL_FAILED:
        return ["再公開しても直りませんでした"] if facts.number(alert, "attempts") else []
    return [topic(alert.topic)]


def _mended(alert: Alert) -> str:
    if alert.cause is Ill.SERVICE_STOPPED:
        return "計画停止が終わり、ゲートウェイを起動しました"
    reason = "障害があった" if alert.cause is None else f"{cause_stem(alert.cause)}た"
    return f"{reason}ため、{_deed(alert)}、復旧しました"


def _deed(alert: Alert) -> str:
    mender = facts.mender(alert)
    if mender is None:
        return "対処し"
    match mender.verb:
        case Verb.RESTART:
            own = alert.target in {"", mender.target.name}
            return "再起動し" if own else f"{target(mender.target)}を再起動し"
        case Verb.RECOVER:
            return "Funnel を設定し直し"
        case _:
            assert_never(mender.verb)


def _subject(alert: Alert) -> str:
    return next((target(each) for each in targets.BUILT_IN if each.name == alert.target), "障害")


def _fault(alert: Alert) -> str:
    """The fault in the tense of the message."""
    over = alert.topic in {Topic.MENDED, Topic.ALL_CLEAR}
    if alert.cause is not None:
        return f"{cause_stem(alert.cause)}{'ました' if over else 'ます'}"
    return "障害がありました" if over else topic(alert.topic)


def _over(alert: Alert) -> list[str]:
    if alert.topic is Topic.MENDED and alert.cause is Ill.SERVICE_STOPPED:
        took = facts.seconds(alert, "took")
        return [] if took is None else [f"起動から {took:g}秒で正常になりました。"]
    lines = []
    if alert.topic is Topic.ALL_CLEAR:
        lines.append(f"{_fault(alert)}。")
    lines.append(f"{_mended_by(alert)}。")
    if said := facts.of_systemd(alert):
        lines.append(f"systemd の報告: {said}")
    length = facts.seconds(alert, "duration")
    began, ended = fact(alert, "since"), fact(alert, "made_at")
    times = f"（{began}-{ended}）" if began and ended and began != ended else ""
    if length is not None:
        lines.append(f"続いた時間: {_span(length)}{times}")
    elif began:
        lines.append(f"発生: {began}")
    if error := fact(alert, "error"):
        lines.append(f"最後のエラー: {error}")
    return lines + _lost(alert)


def _lost(alert: Alert) -> list[str]:
    lost = "; ".join(facts.items(alert, "lost"))
    return [f"Funnel のリセットで失われた設定（再設定してください）: {lost}"] if lost else []


def _mended_by(alert: Alert) -> str:
    mender = facts.mender(alert)
    if mender is None:
        return "対処して復旧しました" if alert.topic is Topic.MENDED else "自然に復旧しました"
    took = facts.seconds(alert, "took")
    return f"{action(mender)}で復旧しました" + (f"（所要 {took:g}秒）" if took else "")


def _open(alert: Alert) -> list[str]:
    lines = _complaint(alert)
    if alert.topic is Topic.FUNNEL_FAILED and alert.cause is None:
        lines.append("公開アドレスが使えません。")
    if facts.is_cut_off(alert):
        lines.append("LINE のメッセージが届きません。")
    lines += [*_seen(alert), *_left_alone(alert), *_since(alert), *_tried(alert)]
    lines += _lost(alert)
    if next_at := fact(alert, "next_at"):
        lines.append(f"次の試み: {next_at}")
    if source := fact(alert, "source"):
        lines.append(f"依頼元: {source}")
    steps = _to_do(alert)
    next_step = "または" if fact(alert, "never_good") else "次に"
    return lines + [f"{next_step if n else '対処'}: {step}" for n, step in enumerate(steps)]


def _seen(alert: Alert) -> list[str]:
    """What was seen, and where it was looked for."""
    detail = fact(alert, "detail")
    if detail and alert.cause is Ill.SERVICE_CANNOT_START:
        return [f"systemd の示す理由: {detail}"]
    asked = facts.asked(alert)
    if alert.cause is Ill.SERVICE_ADDRESS_DIFFERS and asked and detail:
        return [f"見張りの確認先: {asked}", f"ゲートウェイの設定: {detail}"]
    lines = [f"状況: {detail}"] if detail else []
    return lines if not asked or asked in detail else [f"確認先: {asked}", *lines]


def _left_alone(alert: Alert) -> list[str]:
    """Why nothing was done, where that is what the owner has to know."""
    if stands := "; ".join(facts.items(alert, "stands")):
        return [f"支障となる設定: {stands}", "復旧するとこれも変わるため、実行していません。"]
    why = facts.untouched(alert)
    return [_UNTOUCHED[why]] if why is not None else []


def _answer(alert: Alert) -> list[str]:
    """What became of a request."""
    lines = []
    if alert.topic is Topic.KICK_DONE:
        took = facts.seconds(alert, "took")
        lines.append("正常を確認しました" + (f"（所要 {took:g}秒）。" if took else "。"))
    if reason := fact(alert, "reason"):
        lines.append(f"理由: {request_reason(reason, 'ja')}")
    if next_at := fact(alert, "next_at"):
        lines.append(f"次に可能な時刻: {next_at}")
    return lines + _asker(alert)


def _switches(alert: Alert) -> list[str]:
    """What requests have led to, in a few words each."""
    if alert.topic is not Topic.SWITCHED:
        return []
    said = []
    if next_at := fact(alert, "next_at"):
        said.append(f"{next_at} まで一時停止")
    if fact(alert, "resumed"):
        said.append("依頼による一時停止を終了")
    if names := facts.items(alert, "incidents"):
        said.append(f"{'、'.join(names)} を確認済みに設定")
    return ["、".join(said)] if said else []


def _switched(alert: Alert) -> list[str]:
    """What requests have switched, who asked, and how to undo it."""
    lines = []
    if fact(alert, "next_at"):
        lines.append("それまで復旧も通知も行いません。")
    if asked := fact(alert, "asked"):
        lines.append(f"依頼は {asked} でしたが、上限は 1 時間です。")
    if facts.items(alert, "incidents"):
        lines.append("確認済みの障害は再通知しません。復旧時はお知らせします。")
    lines += _asker(alert)
    return lines + [f"取り消すには: {step}" for step in facts.undoing(alert)]


def _asker(alert: Alert) -> list[str]:
    source, count = fact(alert, "source"), facts.number(alert, "attempts")
    times = f"（{count}件）" if count > 1 else ""
    return [f"依頼元: {source or 'あなた'}{times}"]


def _since(alert: Alert) -> list[str]:
    began, length = fact(alert, "since"), facts.seconds(alert, "duration")
    lasting = f"{_span(length)}継続" if length else ""
    if began:
        return [f"発生: {began}" + (f"（{lasting}）" if lasting else "")]
    return [lasting] if lasting else []


def _complaint(alert: Alert) -> list[str]:
    """What was wrong with something that the owner or a stranger wrote."""
    error, count = fact(alert, "error", facts.LIST_MAX), facts.number(alert, "attempts")
    if alert.topic is Topic.SETTINGS_BROKEN:
        others = f"（ほか {count - 1}件）" if count > 1 else ""
        return [f"内容: {error}{others}", "修正されるまで既定値で動きます。"] if error else []
    if alert.topic is Topic.KICK_REFUSED:
        times = f"（{count}件）" if count > 1 else ""
        lines = [f"理由: {request_reason(error, 'ja')}{times}"] if error else []
        return lines + ([f"触れずに残したもの: {path}"] if (path := facts.path(alert)) else [])
    if alert.topic in REMINDERS:
        who, why = fact(alert, "who") or "不明", fact(alert, "why") or "理由なし"
        paused = alert.topic is Topic.STILL_PAUSED
        effect = "復旧も通知も行いません" if paused else "停止中のゲートウェイは起動しません"
        return [f"設定した人: {who}（{why}）", f"期限がないため、解除されるまで{effect}。"]
    return []


def _tried(alert: Alert) -> list[str]:
    attempts, window = facts.number(alert, "attempts"), facts.number(alert, "window_min")
    if alert.topic in {Topic.SETTINGS_BROKEN, Topic.KICK_REFUSED} or fact(alert, "stands"):
        return []
    what = "Funnel の再公開" if alert.target == targets.FUNNEL.name else "再起動"
    if alert.target == targets.OLLAMA.name:
        what = "ゲートウェイの再起動"
    most = facts.number(alert, "max")
    if not attempts:  # all that are allowed went to earlier faults
        spent_before = alert.topic is Topic.BUDGET_SPENT and window
        return [f"これまで: {window}分間に{what} {most}回（上限）"] if spent_before else []
    allowed = f"（上限は {window}分間に {most}回）" if window else ""
    spent = allowed if alert.topic is Topic.BUDGET_SPENT else ""
    tried = f"試したこと: {what} {attempts}回、効果なし{spent}"
    error = fact(alert, "error")
    return [tried, f"最後のエラー: {error}"] if error else [tried]


def _to_do(alert: Alert) -> list[str]:
    """The exact things that only the owner can do."""
    if alert.topic is Topic.SETTINGS_BROKEN:
        return ["picoclaw-watchdog config check"]
    if fact(alert, "drill"):
        return []
    if alert.topic is Topic.SWITCHED:
        return facts.undoing(alert)
    if alert.topic in REMINDERS:
        return [facts.RESUME if alert.topic is Topic.STILL_PAUSED else facts.START]
    return _owners_steps(alert)


def _owners_steps(alert: Alert) -> list[str]:
    if advice := facts.advice(alert):
        return [f"変わってもよい場合: {advice}" if fact(alert, "stands") else advice]
    if facts.was_stopped(alert):
        return ["ご自身で止めた場合: picoclaw-watchdog stop-gateway 2h"]
    if not facts.is_helpless(alert) or alert.cause is None:
        return []
    if fact(alert, "never_good"):
        return ways_out(targets.named(alert.target), alert.cause, facts.unit(alert))
    return remedy(alert.cause, facts.unit(alert), facts.items(alert, "models"))


def _footnotes(alert: Alert, waited: float) -> list[str]:
    lines = []
    if fact(alert, "drill") and alert.topic not in {Topic.MENDED, Topic.ALL_CLEAR}:
        lines.append("（操作は不要です）")
    if (gone := facts.number(alert, "suppressed")) > 0:
        lines.append(f"（同様の {gone}件は通知を省きました）")
    if waited >= facts.LATE:
        lines.append(f"（この通知は {_span(waited)}遅れています）")
    return lines


def _span(length: float) -> str:
    return "".join(f"{count}{_UNITS[unit]}" for count, unit in facts.span(length).parts)
