"""What the audit log says of a request, as words: the reasons for an outcome, or for none."""

from picoclaw_watchdog.core import wording
from picoclaw_watchdog.core.foreign import quotation
from picoclaw_watchdog.core.reasons import Hold, Ill, Sight

LONGEST_ID = 64  # characters

# By the code in the log: English, Japanese.
_REASONS = {
    # refused
    "switched_off": ("kicks are switched off", "キックは無効です"),
    "no_token_set": ("no token is set", "トークンが設定されていません"),
    "malformed": ("malformed", "書式が正しくありません"),
    "too_long": ("too long", "長すぎます"),
    "unknown_action": ("unknown action", "知らない操作です"),
    "bad_source": ("bad source", "依頼元の書き方が正しくありません"),
    "source_not_allowed": ("source not allowed", "この依頼元には許可されていません"),
    "action_not_allowed": ("action not allowed", "この依頼元にはこの操作は許可されていません"),
    "stale": ("too old, or its clock is wrong", "古すぎるか、時計がずれています"),
    "replayed": ("used before", "すでに使われた依頼です"),
    "wrong_token": ("wrong token", "トークンが違います"),
    "plain_forbidden": (
        "the token itself is not accepted, sign instead",
        "トークンそのものは受け付けません（署名が必要です）",
    ),
    "not_a_file": (
        "what lies in the place of requests is not a private file of its own",
        "依頼の置き場所にあるものが、自分専用の通常ファイルではありません",
    ),
    "not_requests": (
        "what lies in the place of requests is something else",
        "依頼の置き場所に、依頼ではないファイルがあります",
    ),
    "open_folder": (
        "the folder for requests belongs to somebody else, or others can write to it",
        "依頼の置き場所のフォルダーが他のユーザーのものか、他のユーザーも書き込めます",
    ),
    "not_taken": (
        "requests cannot be moved: the folder is not writable",
        "依頼を取り出せません（フォルダーに書き込めません）",
    ),
    "flood": ("too many at once", "一度に多すぎます"),
    # served
    "healthy": ("all is well", "すべて正常です"),
    "not_looked_at": ("it could not be looked at", "確認できませんでした"),
    "nothing_open": ("nothing is open", "未解決の障害はありません"),
    "no_such_incident": ("there is no such open incident", "その番号の未解決の障害はありません"),
    "not_told_yet": (
        "the owner has not been told of it yet",
        "まだ所有者に知らせていない障害です",
    ),
    "set_at_the_host": (
        "it is paused at the host, and a request does not change that",
        "ホスト側で一時停止中のため、依頼では変更できません",
    ),
    "still_paused_at_the_host": (
        "still paused at the host",
        "ホスト側の一時停止は続いています",
    ),
    "was_not_paused": ("it was not paused", "一時停止していませんでした"),
    "paused_before": ("it is paused already", "すでに一時停止中です"),
    "an_hour_at_most": (
        "an hour at most by request, counted from the first one",
        "依頼による一時停止は最初の依頼から 1 時間までです",
    ),
    "paused_often_enough": (
        "paused by request for as long or as often as is allowed",
        "依頼による一時停止の上限に達しました",
    ),
    "cycle_ended_before": ("the cycle ended before", "その前に周期が終わりました"),
    "killed_at_it": (
        "the watchdog was killed while it was working on it",
        "作業の途中で見張りが強制終了したため、結果は不明です",
    ),
    "found_too_late": (
        "it was too old when it was found again",
        "見つけ直したときには古くなっていたため、実行していません",
    ),
}


def request_reason(code: str, language: str) -> str:
    """The words for a reason; a text that is none of ours stays as it is."""
    return _words(code, language) or code


def request_reasons(codes: str, language: str) -> str:
    """The words for several reasons, with commas between them; ids stand as they are.

    A text that is none of ours is quoted: an agent reads it.
    """
    parts = codes.split(", ")
    words = [_words(part, language) or (part if _is_id(part) else "") for part in parts]
    return ", ".join(words) if all(words) else quotation(codes)


def _words(code: str, language: str) -> str:
    """The words for a code of ours; empty for what is none."""
    if code in _REASONS:
        english, japanese = _REASONS[code]
        return japanese if language.startswith("ja") else english
    for hold in Hold:
        if hold.value == code:
            return wording.hold_words(hold, language)
    for cause in Ill:
        if cause.value == code:
            return wording.cause_words(cause, language)
    for sight in Sight:
        if sight.value == code:
            return wording.sight_words(sight, language)
    return ""


def _is_id(text: str) -> bool:
    """Whether it can be the id of an incident: one short word."""
    plain = text.replace("-", "").replace("_", "").replace(".", "")
    return len(text) <= LONGEST_ID and plain.isascii() and plain.isalnum()
