import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.core import targets, wording
from picoclaw_watchdog.core.ills import rule_of
from picoclaw_watchdog.core.model import Alert, Moment
from picoclaw_watchdog.core.reasons import Gravity, Hold, Ill, Sight, Topic
from picoclaw_watchdog.core.targets import Kind
from picoclaw_watchdog.core.wording.facts import MATTERS_MAX, span

MADE = Moment(1_771_000_000.0, 100.0, 100.0, "boot")
LANGUAGES = ("en", "ja")
JAPANESE = re.compile("[぀-ヿ一-鿿]")
EVERY_FACT = {
    "unit": "gw.service",
    "attempts": "3",
    "window_min": "10",
    "max": "3",
    "next_at": "03:20",
    "took": "1.2",
    "duration": "3840",
    "detail": "GET /health: no answer",
    "error": "job timed out",
    "lost": "https://a/x; tcp://b:22",
    "since": "02:10",
    "made_at": "03:14",
    "cycles": "4",
    "suppressed": "2",
    "source": "line:U1",
    "models": "qwen:7b; chat:latest",
    "asked": "http://127.0.0.1:18790/health",
    "stands": "https://host/bar; https://host/notes",
    "advice": "tailscale funnel --bg 18791",
    "never_good": "yes",
    "next_wall": "1771000000",
    "incidents": "gateway-1",
    "resumed": "yes",
}
# What changes the rest of a message.
DECISIVE = ("stands", "advice", "never_good", "incidents", "resumed")
TOLD = {name: text for name, text in EVERY_FACT.items() if name not in DECISIVE}


def an_alert(
    topic: Topic = Topic.RESTART_FAILED,
    cause: Ill | None = Ill.SERVICE_DOWN,
    target: str = "gateway",
    incident: str = "",
    key: str = "gateway",
    **facts: str,
) -> Alert:
    return Alert(
        id=f"{key}-{topic.value}-{incident}-{sorted(facts.items())}",
        key=key,
        topic=topic,
        gravity=Gravity.WARNING,
        made=MADE,
        target=target,
        cause=cause,
        incident=incident,
        facts=tuple(facts.items()),
    )


def sayings(language: str) -> list[tuple[object, str]]:
    said: list[tuple[object, str]] = [(c, wording.cause_words(c, language)) for c in Ill]
    said += [(each, wording.hold_words(each, language)) for each in Hold]
    said += [(each, wording.sight_words(each, language)) for each in Sight]
    said += [(each, wording.action_words(each, language)) for each in targets.ACTIONS]
    said += [(each, wording.target_words(each, language)) for each in targets.BUILT_IN]
    said += [(each, wording.topic_words(each, language)) for each in Topic]
    return said


def every_letter(language: str, **facts: str) -> list[tuple[Alert, str]]:
    causes: list[Ill | None] = [None, *Ill]
    letters = []
    for topic, cause, target in product(Topic, causes, ("", "gateway", "funnel", "ollama")):
        alert = an_alert(topic, cause, target, **facts)
        letters.append((alert, wording.letter(alert, "minipc", language)))
    return letters


def assert_presentable(text: str, reason: object) -> None:
    assert text.strip() == text, reason
    assert text, reason
    for flaw in ("{", "}", "None", "Ill.", "Topic.", "  ", "()", "（）", "..:"):
        assert flaw not in text, (flaw, reason, text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words(language: str) -> None:
    for reason, words in sayings(language):
        assert_presentable(words, reason)
        assert "\n" not in words
        assert "_" not in words, reason


def test_every_japanese_reason_is_in_japanese() -> None:
    for reason, words in sayings("ja"):
        assert JAPANESE.search(words), (reason, words)


def test_english_has_no_japanese_left_in_it() -> None:
    for reason, words in sayings("en"):
        assert not JAPANESE.search(words), reason
    for alert, text in every_letter("en", **EVERY_FACT):
        assert not JAPANESE.search(text), alert


def test_different_causes_are_told_in_different_words() -> None:
    for language in LANGUAGES:
        words = [wording.cause_words(cause, language) for cause in Ill]
        assert len(set(words)) == len(words)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("facts", [{}, TOLD, EVERY_FACT], ids=["no facts", "told", "every fact"])
def test_every_letter_names_the_host_and_the_command_to_look_further(
    language: str, facts: dict[str, str]
) -> None:
    for alert, text in every_letter(language, **facts):
        headline, *_, last = text.split("\n")
        assert headline.startswith(("[minipc] ", "【minipc】"))
        assert len(headline) > len("[minipc] ") + 3
        assert re.search(r"picoclaw-watchdog (status|why)$", last)
        for line in text.split("\n"):
            assert_presentable(line, alert)


def test_japanese_sentences_are_not_left_in_english() -> None:
    facts = dict.fromkeys(("unit", "duration"), "0")
    for alert, text in every_letter("ja", **facts):
        headline, *body = text.split("\n")
        assert JAPANESE.search(headline.removeprefix("【minipc】")), alert
        for line in body:
            assert JAPANESE.search(line.split(":")[0]), (alert, line)


@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (Ill.SERVICE_MASKED, "systemctl --user unmask gw.service"),
        (Ill.SERVICE_START_LIMIT, "systemctl --user reset-failed gw.service"),
        (Ill.SERVICE_NOT_FOUND, "PICOCLAW_WATCHDOG_GATEWAY_SERVICE"),
        (Ill.SERVICE_STALE_PID, "picoclaw-watchdog doctor --fix"),
        (Ill.SERVICE_CRASH_LOOP, "journalctl --user -u gw.service"),
        (Ill.WEBHOOK_SIGNATURE_REFUSED, "channel secret"),
        (Ill.LINE_WEBHOOK_OFF, "https://developers.line.biz/console/"),
        (Ill.TAILSCALE_LOGGED_OUT, "sudo tailscale up"),
        (Ill.TAILSCALE_STOPPED, "sudo tailscale up"),
        (Ill.TAILSCALE_KEY_EXPIRED, "tailscale up --force-reauth"),
        (Ill.TAILSCALE_NOT_APPROVED, "https://login.tailscale.com/admin/machines"),
        (Ill.TAILSCALE_DOWN, "sudo systemctl start tailscaled"),
        (Ill.FUNNEL_NOT_ALLOWED, "https://tailscale.com/s/no-funnel"),
        (Ill.PEER_MODELS_MISSING, "ollama pull qwen:7b"),
        (Ill.PEER_DOWN, "systemctl restart ollama"),
    ],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_owner_is_told_exactly_what_to_do(cause: Ill, words: str, language: str) -> None:
    alert = an_alert(Topic.OWNER_MUST_ACT, cause, **TOLD)
    assert words in wording.letter(alert, "minipc", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_whatever_only_the_owner_can_mend_comes_with_something_to_do(language: str) -> None:
    heading = {"en": "To do: ", "ja": "対処: "}[language]
    for cause in Ill:
        alert = an_alert(Topic.OWNER_MUST_ACT, cause)
        assert heading in wording.letter(alert, "minipc", language), cause


@pytest.mark.parametrize("language", LANGUAGES)
def test_broken_settings_come_with_the_command_that_finds_the_mistake(language: str) -> None:
    alert = an_alert(Topic.SETTINGS_BROKEN, None, "", detail=".env line 3")
    text = wording.letter(alert, "minipc", language)
    assert "picoclaw-watchdog config check" in text
    assert ".env line 3" in text


@pytest.mark.parametrize("topic", [Topic.SETTINGS_BROKEN, Topic.KICK_REFUSED])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_complaint_about_a_text_speaks_of_no_restarts(topic: Topic, language: str) -> None:
    alert = an_alert(topic, None, "", error="a value " * 40, attempts="3")
    text = wording.letter(alert, "minipc", language)
    assert "a value " * 39 in text  # a complaint cut short is of no use
    assert not re.search("restart|再起動", text)
    assert re.search("2 more|ほか 2件|3 requests|3件", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_attempts_that_earlier_faults_used_up_are_named(language: str) -> None:
    alert = an_alert(Topic.BUDGET_SPENT, attempts="0", max="3", window_min="10", detail="failed")
    text = wording.letter(alert, "minipc", language)
    assert re.search("3 restarts in 10 min|10分間に再起動 3回", text)
    assert "stop-gateway" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_stops_it_against_the_watchdog_hears_of_the_command_for_that(language: str) -> None:
    alert = an_alert(Topic.BUDGET_SPENT, attempts="3", detail="inactive (dead)")
    assert "stop-gateway 2h" in wording.letter(alert, "minipc", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_daemon_that_only_the_owner_can_start_comes_with_the_command(language: str) -> None:
    gone = an_alert(Topic.NETWORK_AWAY, Ill.TAILSCALE_DOWN, "network")
    assert "systemctl start tailscaled" in wording.letter(gone, "minipc", language)


def test_a_mended_gateway_reads_well_in_both_languages() -> None:
    alert = an_alert(
        Topic.MENDED, mended_by="restart_gateway", took="1.2", duration="62", since="02:10"
    )
    assert wording.letter(alert, "minipc", "en").split("\n") == [
        "[minipc] Recovered: the gateway was down",
        "A restart of the gateway brought it back in 1.2 s.",
        "It lasted 62 s.",
        "More: picoclaw-watchdog status",
    ]
    assert wording.letter(alert, "minipc", "ja_JP").split("\n") == [
        "【minipc】ゲートウェイが停止していたため、再起動し、復旧しました",
        "ゲートウェイの再起動で復旧しました（所要 1.2秒）。",
        "続いた時間: 62秒",
        "詳細: picoclaw-watchdog status",
    ]


@pytest.mark.parametrize(
    ("facts", "en", "ja"),
    [
        ({}, "It came back by itself", "自然に復旧しました"),
        ({"mended_by": ""}, "It came back by itself", "自然に復旧しました"),
        (
            {"mended_by": "restart_gateway"},
            "A restart of the gateway brought it back",
            "ゲートウェイの再起動で",
        ),
        (
            {"mended_by": "recover_funnel"},
            "A recovery of the Funnel brought it back",
            "Funnel の再公開で",
        ),
        ({"duration": "3840"}, "1 h 4 min", "1時間4分"),
    ],
)
def test_the_all_clear_says_what_how_long_and_by_what(
    facts: dict[str, str], en: str, ja: str
) -> None:
    alert = an_alert(Topic.ALL_CLEAR)._replace(facts=tuple(facts.items()))
    english, japanese = (wording.letter(alert, "minipc", language) for language in LANGUAGES)
    assert "gateway was down" in english
    assert en in english
    assert "ゲートウェイが停止していました" in japanese
    assert ja in japanese


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_tried_and_what_was_lost_is_said(language: str) -> None:
    alert = an_alert(Topic.FUNNEL_FAILED, Ill.FUNNEL_OFF, "funnel", **TOLD)
    text = wording.letter(alert, "minipc", language)
    for told in ("3", "job timed out", "https://a/x; tcp://b:22", "03:20", "02:10"):
        assert told in text


@pytest.mark.parametrize("topic", [Topic.FUNNEL_FAILED, Topic.MENDED, Topic.ALL_CLEAR])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_entry_that_a_reset_lost_is_named_however_many(topic: Topic, language: str) -> None:
    lost = [f"https://host.example.ts.net:8443/path{number}" for number in range(20)]
    alert = an_alert(topic, Ill.FUNNEL_OFF, "funnel", lost="; ".join(lost))
    text = wording.letter(alert, "minipc", language)
    assert all(entry in text for entry in lost)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_alert_and_its_all_clear_are_one_line_of_a_digest(language: str) -> None:
    alerts = (
        an_alert(incident="1", made_at="02:10"),
        an_alert(Topic.BUDGET_SPENT, incident="1", made_at="02:20"),
        an_alert(Topic.OLLAMA_FAILING, Ill.PEER_DOWN, "ollama", "2", made_at="02:30"),
        an_alert(Topic.ALL_CLEAR, incident="1", made_at="03:14", mended_by="restart_gateway"),
    )
    text = wording.digest(alerts, "minipc", language, 3480)
    clocks = [line[:11] for line in text.split("\n") if re.match(r"\d\d:\d\d", line)]
    assert [clock.split(" ")[0] for clock in clocks] == ["02:10-03:14", "02:30"]
    assert {"en": "58 min", "ja": "58分"}[language] in text.split("\n")[0]
    assert {"en": "Still open: 1", "ja": "未解決: 1件"}[language] in text
    assert {"en": "restart ollama", "ja": "restart ollama"}[language] in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_digest_of_one_matter_reads_like_a_letter_that_is_late(language: str) -> None:
    alerts = (
        an_alert(incident="1", since="02:10", made_at="02:11"),
        an_alert(Topic.ALL_CLEAR, incident="1", made_at="03:14", duration="3840"),
    )
    text = wording.digest(alerts, "minipc", language, 3480)
    assert "02:10-03:14" in text
    assert {"en": "All clear", "ja": "復旧しました"}[language] in text.split("\n")[0]
    assert {"en": "delayed by 58 min", "ja": "58分遅れています"}[language] in text


def test_the_same_refused_request_again_and_again_is_one_line_with_its_number() -> None:
    again = tuple(
        an_alert(Topic.KICK_REFUSED, None, "", key="kick", made_at=f"02:0{n}") for n in range(4)
    )
    other = an_alert(Topic.SETTINGS_BROKEN, None, "", key="settings")
    text = wording.digest((*again, other), "minipc", "en")
    assert "02:00 A recovery request was refused (4 times)" in text
    assert "2 reports" in text.split("\n")[0]


def test_a_digest_of_a_bad_week_stays_short_and_says_what_it_leaves_out() -> None:
    alerts = tuple(an_alert(incident=str(n), made_at="02:10") for n in range(MATTERS_MAX + 7))
    text = wording.digest(alerts, "minipc", "en")
    assert len(re.findall(r"^02:10", text, re.MULTILINE)) == MATTERS_MAX
    assert "7 earlier ones" in text
    assert len(text) < 5000


@given(
    facts=st.dictionaries(st.sampled_from(sorted(EVERY_FACT)), st.text(max_size=400)),
    topic=st.sampled_from(Topic),
    cause=st.none() | st.sampled_from(Ill),
    language=st.sampled_from(LANGUAGES),
)
def test_no_garbage_in_a_fact_breaks_a_letter(
    facts: dict[str, str], topic: Topic, cause: Ill | None, language: str
) -> None:
    text = wording.letter(an_alert(topic, cause, **facts), "minipc", language)
    assert len(text) < 5000
    assert len(text.split("\n")) < 40
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize(
    ("seconds", "parts"),
    [
        (0.4, ((0, "s"),)),
        (89, ((89, "s"),)),
        (90, ((2, "min"),)),
        (3599, ((1, "h"),)),
        (3840, ((1, "h"), (4, "min"))),
        (7200, ((2, "h"),)),
        (200_000, ((2, "d"), (7, "h"))),
        (-5, ((0, "s"),)),
    ],
)
def test_lengths_of_time_as_people_say_them(
    seconds: float, parts: tuple[tuple[int, str], ...]
) -> None:
    assert span(seconds).parts == parts


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_drill_is_called_one_and_leaves_the_owner_nothing_to_do(language: str) -> None:
    for topic in Topic:
        told = wording.letter(an_alert(topic, Ill.PEER_DOWN, drill="yes"), "box", language)
        assert ("（訓練）" if language == "ja" else "Drill: ") in told
        assert "ollama" not in told.partition("\n")[2].replace("Ollama", "")
        digest = wording.digest(
            (an_alert(topic, Ill.PEER_DOWN, key="other", drill="yes"), an_alert()),
            "box",
            language,
        )
        assert ("（訓練）" if language == "ja" else "Drill: ") in digest


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reminder_names_who_why_and_the_command_that_ends_it(language: str) -> None:
    for topic, command in (
        (Topic.STILL_PAUSED, "picoclaw-watchdog resume"),
        (Topic.STILL_STOPPED, "picoclaw-watchdog start-gateway"),
    ):
        told = wording.letter(an_alert(topic, None, who="aki", why="disk"), "box", language)
        assert "aki" in told
        assert "disk" in told
        assert command in told


ADDRESS = "http://10.0.0.7:4000/v1/models"
ANSWERS = (
    Ill.PEER_NEEDS_KEY,
    Ill.PEER_MOVED,
    Ill.PEER_NOT_FOUND,
    Ill.PEER_TOO_MANY,
    Ill.PEER_LOADING,
    Ill.PEER_SAYS_ERROR,
    Ill.PEER_ANOTHER_PROGRAM,
    Ill.SERVICE_ANSWERS_OTHERWISE,
    Ill.PUBLIC_ANSWERS_OTHERWISE,
)
NOTHING_RESTARTED = re.compile("nothing was restarted|再起動は(せず|していません)", re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", ANSWERS)
def test_an_answer_is_told_with_its_address_and_that_nothing_was_restarted(
    cause: Ill, language: str
) -> None:
    alert = an_alert(Topic.OWNER_MUST_ACT, cause, "ollama", asked=ADDRESS, detail="HTTP 401")
    text = wording.letter(alert, "minipc", language)
    assert ADDRESS in text
    assert "HTTP 401" in text
    assert NOTHING_RESTARTED.search(text)
    assert not re.search("does not answer", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", ANSWERS)
def test_what_was_restarted_before_is_not_denied(cause: Ill, language: str) -> None:
    alert = an_alert(Topic.OWNER_MUST_ACT, cause, "ollama", attempts="1")
    assert not NOTHING_RESTARTED.search(wording.letter(alert, "minipc", language))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("cause", "target", "asked", "setting"),
    [
        (Ill.SERVICE_HUNG, "gateway", "http://127.0.0.1:18790/health", "HEALTH_URL"),
        (Ill.SERVICE_DOWN, "gateway", "other.service", "GATEWAY_SERVICE"),
        (Ill.WEBHOOK_DEAD, "gateway", "http://127.0.0.1:18791/x", "LINE_WEBHOOK_PORT"),
        (Ill.FUNNEL_OFF, "funnel", "https://h.ts.net/webhook/line", "WEBHOOK_URL"),
        (Ill.PEER_DOWN, "ollama", ADDRESS, "OLLAMA_MODELS_URL"),
    ],
)
def test_what_was_never_seen_working_comes_with_where_it_was_looked_for_and_the_ways_out(
    cause: Ill, target: str, asked: str, setting: str, language: str
) -> None:
    alert = an_alert(Topic.OWNER_MUST_ACT, cause, target, asked=asked, never_good="yes")
    text = wording.letter(alert, "minipc", language)
    assert asked in text
    assert re.search("never seen working here|正常に動いたことがまだない", text)
    assert re.search("nothing was touched|何も変更していません", text)
    assert f"PICOCLAW_WATCHDOG_{setting}" in text
    assert f"picoclaw-watchdog accept {target}\n" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_unit_that_never_ran_comes_with_the_command_that_starts_it(language: str) -> None:
    unit = r"bot\x2dgateway@my bot.service"
    alert = an_alert(Topic.OWNER_MUST_ACT, Ill.SERVICE_DOWN, unit=unit, never_good="yes")
    text = wording.letter(alert, "minipc", language)
    assert f"systemctl --user enable --now '{unit}'" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_in_the_way_is_named_with_the_command_that_only_the_owner_decides_on(
    language: str,
) -> None:
    others = [f"https://h.ts.net/{name}" for name in ("bar", "notes")]
    advice = "sudo tailscale funnel --bg --set-path='/a  b' http://127.0.0.1:18791/a"
    alert = an_alert(
        *(Topic.OWNER_MUST_ACT, Ill.FUNNEL_OFF, "funnel"),
        stands="; ".join(others),
        advice=advice,
        attempts="1",
    )
    text = wording.letter(alert, "minipc", language)
    assert all(each in text for each in others)
    assert advice in text
    assert re.search("was not done|実行していません", text)
    assert not re.search("Tried|試したこと", text)


@pytest.mark.parametrize("advice", ["x" * 2000, "tailscale\x1b[31m funnel"])
def test_a_command_that_cannot_be_shown_whole_is_not_shown_at_all(advice: str) -> None:
    alert = an_alert(Topic.OWNER_MUST_ACT, Ill.FUNNEL_OFF, "funnel", advice=advice)
    assert "To do: tailscale funnel status" in wording.letter(alert, "minipc", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_blindness_says_to_what_why_and_how_to_look_further(language: str) -> None:
    alert = an_alert(
        *(Topic.BLIND, Ill.WATCHDOG_BLIND, "watchdog"),
        asked="gateway, funnel",
        detail="tailscale: permission denied",
    )
    headline, *body = wording.letter(alert, "minipc", language).split("\n")
    assert re.search("the gateway and the Funnel|ゲートウェイ、Funnel", headline)
    assert any("tailscale: permission denied" in line for line in body)
    assert any("picoclaw-watchdog doctor" in line for line in body)
    assert not any("gateway, funnel" in line for line in body)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_systemd_names_as_its_reason_is_told_as_that(language: str) -> None:
    alert = an_alert(Topic.OWNER_MUST_ACT, Ill.SERVICE_CANNOT_START, detail="203/EXEC: no such")
    text = wording.letter(alert, "minipc", language)
    assert re.search("(systemd says|systemd の示す理由): 203/EXEC: no such", text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("cause", [ill for ill in Ill if rule_of(ill).kind is Kind.HOST])
def test_a_fault_of_this_host_blames_it_and_says_that_the_funnel_was_left_alone(
    cause: Ill, language: str
) -> None:
    alert = an_alert(Topic.OWNER_MUST_ACT, cause, "host")
    text = wording.letter(alert, "minipc", language)
    assert re.search("on this host|このホストにあります", text)
    assert re.search("Funnel was left alone|Funnel には手を付けていません", text)
    assert re.search("To do: |対処: ", text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_command_of_a_remedy_can_be_pasted_whatever_the_unit_is_called(language: str) -> None:
    unit = r"my bot\x2d$HOME;x.service"
    for cause in Ill:
        for step in wording.remedy_words(cause, unit, ("a model",), language):
            assert unit not in step.replace(f"'{unit}'", ""), step
            assert "a model" not in step.replace("'a model'", ""), step


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_may_pass_by_itself_gets_nobody_out_of_bed(language: str) -> None:
    for cause in (Ill.PEER_LOADING, Ill.PEER_TOO_MANY):
        alert = an_alert(Topic.OWNER_MUST_ACT, cause, "ollama")
        assert not re.search("action needed|対応が必要", wording.letter(alert, "minipc", language))


def test_the_messages_read_as_an_operator_writes_them() -> None:
    """Words that were translated, not written."""
    odd = re.compile("you are needed|mended|in vain|whole number|were not told")
    for alert, text in every_letter("en", **EVERY_FACT):
        assert not odd.search(text), (alert.topic, text)
