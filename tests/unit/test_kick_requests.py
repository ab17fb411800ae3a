import pytest
from hypothesis import given
from hypothesis import strategies as st

from picoclaw_watchdog.kick.requests import (
    VERBS,
    Claim,
    Policy,
    Refusal,
    Request,
    claim,
    identify,
    judge,
    matches,
    plain,
    seconds_of,
    sign,
)

TOKEN = "a-long-enough-kick-token-0123456789"
NOW = 1_700_000_000.0
NONCE = "0123456789abcdef" * 2
POLICY = Policy(True, TOKEN)
NO_PLAIN = POLICY._replace(plain_allowed=False)
GOOD = plain("restart_gateway", TOKEN, "line:U1", NOW)
SIGNED = sign("restart_gateway", TOKEN, "line:U1", NOW, NONCE)
ASKED = Request("restart_gateway", "line:U1", NOW)


def of(*sources: str) -> Policy:
    return POLICY._replace(sources=sources)


def test_the_plain_form_is_the_founding_documents() -> None:
    assert f"restart_gateway|{TOKEN}|line:U1|1700000000" == GOOD
    judged = judge(GOOD, POLICY, NOW)
    assert isinstance(judged, Request)
    assert judged == ASKED._replace(nonce=judged.nonce)


def test_a_plain_request_is_accepted_once_too() -> None:
    judged = judge(GOOD, POLICY, NOW)
    assert isinstance(judged, Request)
    assert judge(GOOD, POLICY, NOW + 1, {judged.nonce}) is Refusal.REPLAYED
    a_second_later = plain("restart_gateway", TOKEN, "line:U1", NOW + 1)
    assert isinstance(judge(a_second_later, POLICY, NOW, {judged.nonce}), Request)


def test_the_signed_form_is_accepted_without_the_token_in_it() -> None:
    assert TOKEN not in SIGNED
    assert judge(SIGNED, POLICY, NOW) == ASKED._replace(nonce=NONCE, signed=True)
    assert judge(SIGNED, NO_PLAIN, NOW) == ASKED._replace(nonce=NONCE, signed=True)


def test_a_signed_request_is_accepted_once() -> None:
    assert judge(SIGNED, POLICY, NOW, {NONCE}) is Refusal.REPLAYED
    assert judge(SIGNED, POLICY, NOW, {NONCE[::-1]}) == ASKED._replace(nonce=NONCE, signed=True)


@pytest.mark.parametrize("line", [GOOD, SIGNED])
@pytest.mark.parametrize(
    ("late", "verdict"),
    [(0, None), (300, None), (-300, None), (301, Refusal.STALE), (-301, Refusal.STALE)],
)
def test_a_request_is_good_for_five_minutes_either_way(
    line: str, late: float, verdict: Refusal | None
) -> None:
    judged = judge(line, POLICY, NOW + late)
    assert judged is verdict if verdict else isinstance(judged, Request)


@pytest.mark.parametrize(
    ("line", "policy", "verdict"),
    [
        (GOOD, POLICY._replace(enabled=False), Refusal.SWITCHED_OFF),
        (GOOD, POLICY._replace(token=""), Refusal.NO_TOKEN_SET),
        ("restart_gateway||line:U1|1700000000", POLICY._replace(token=""), Refusal.NO_TOKEN_SET),
        (GOOD + " " * 1000, POLICY, Refusal.TOO_LONG),
        ("", POLICY, Refusal.MALFORMED),
        (f"{GOOD}|", POLICY, Refusal.MALFORMED),
        (GOOD.replace("17", "x7"), POLICY, Refusal.MALFORMED),
        (GOOD.replace(TOKEN, TOKEN[:-1]), POLICY, Refusal.WRONG_TOKEN),
        (GOOD.replace(TOKEN, TOKEN + "\udcff"), POLICY, Refusal.WRONG_TOKEN),
        (GOOD.replace(TOKEN, ""), POLICY, Refusal.WRONG_TOKEN),
        (GOOD.replace("restart_gateway", "rm"), POLICY, Refusal.UNKNOWN_ACTION),
        (GOOD.replace("line:U1", "line U1"), POLICY, Refusal.BAD_SOURCE),
        (GOOD.replace("line:U1", "x" * 129), POLICY, Refusal.BAD_SOURCE),
        (GOOD, NO_PLAIN, Refusal.PLAIN_FORBIDDEN),
        (GOOD.replace(TOKEN, "wrong"), NO_PLAIN, Refusal.PLAIN_FORBIDDEN),
        (GOOD, of("cli"), Refusal.SOURCE_NOT_ALLOWED),
        (GOOD, of(""), Refusal.SOURCE_NOT_ALLOWED),
        (GOOD, of("line:u*"), Refusal.SOURCE_NOT_ALLOWED),
        (GOOD, of("line:U*=status+ack"), Refusal.ACTION_NOT_ALLOWED),
        (SIGNED.replace("line:U1", "line:U2"), POLICY, Refusal.WRONG_TOKEN),
        (SIGNED.replace("restart_gateway", "recover_funnel"), POLICY, Refusal.WRONG_TOKEN),
        (SIGNED.replace("1700000000", "1700000001"), POLICY, Refusal.WRONG_TOKEN),
        (SIGNED.replace(NONCE, NONCE[::-1]), POLICY, Refusal.WRONG_TOKEN),
        (SIGNED.replace("v1.", "v2."), POLICY, Refusal.WRONG_TOKEN),
        (SIGNED.replace("v1.", "v2."), NO_PLAIN, Refusal.PLAIN_FORBIDDEN),
    ],
)
def test_a_request_is_refused_for_what_is_wrong_with_it(
    line: str, policy: Policy, verdict: Refusal
) -> None:
    assert judge(line, policy, NOW) is verdict


def test_a_source_gets_the_union_of_what_its_patterns_allow() -> None:
    policy = of("line:U*=status", "line:U1=restart_gateway+ack")
    assert judge(GOOD, policy, NOW) == judge(GOOD, POLICY, NOW)
    assert isinstance(judge(plain("status", TOKEN, "line:U1", NOW), policy, NOW), Request)
    verdict = judge(plain("pause=1m", TOKEN, "line:U1", NOW), policy, NOW)
    assert verdict is Refusal.ACTION_NOT_ALLOWED
    assert judge(GOOD, of("line:U1=ack", "*"), NOW) == judge(GOOD, POLICY, NOW)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("cli", "cli", True),
        ("cli", "cli2", False),
        ("line:U*", "line:U", True),
        ("line:U*", "xline:U1", False),
        ("*", "", True),
        ("a*a", "a", False),
        ("a*b*c", "aXbYc", True),
        ("a*b*c", "aXcYb", False),
        ("*b*", "abc", True),
        ("a?c", "abc", False),
        ("[ab]", "a", False),
    ],
)
def test_only_the_star_stands_for_something_else(
    pattern: str,
    text: str,
    fits: bool,  # noqa: FBT001
) -> None:
    assert matches(pattern, text) is fits


@pytest.mark.parametrize(
    ("action", "argument"), [("pause=30m", "30m"), ("ack", ""), ("ack=gateway-1", "gateway-1")]
)
def test_an_action_has_its_argument(action: str, argument: str) -> None:
    verdict = judge(sign(action, TOKEN, "cli", NOW, NONCE), POLICY, NOW)
    assert isinstance(verdict, Request)
    assert (verdict.verb, verdict.argument) == (action.partition("=")[0], argument)


@pytest.mark.parametrize(
    "action",
    ["pause", "pause=", "pause=0m", "pause=forever", "pause=1w", "status=x", "ack=", "ack=a b"],
)
def test_an_argument_that_means_nothing_is_refused_and_not_written(action: str) -> None:
    assert judge(f"{action}|{TOKEN}|cli|{NOW:.0f}", POLICY, NOW) is Refusal.MALFORMED
    with pytest.raises(ValueError, match="wrong argument"):
        sign(action, TOKEN, "cli", NOW, NONCE)


@pytest.mark.parametrize(
    ("length", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("2h", 7200),
        ("8d", 691_200),
        ("9999999d1s", 863_999_913_601),
        *((text, 0) for text in ("m", "", "-1h", "1e9s", "\uff13m", "1h ", "0m")),
    ],
)
def test_a_length_is_a_number_of_seconds_or_none(length: str, seconds: int) -> None:
    assert seconds_of(length) == seconds


@pytest.mark.parametrize(
    ("verb", "token", "source", "nonce"),
    [
        ("rm", TOKEN, "cli", NONCE),
        ("status", TOKEN, "a|b", NONCE),
        ("status", "", "cli", NONCE),
        ("status", "a|b", "cli", NONCE),
        ("status", "a\nb", "cli", NONCE),
        ("status", TOKEN, "cli", "short"),
    ],
)
def test_what_could_not_be_read_back_is_not_written(
    verb: str, token: str, source: str, nonce: str
) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        sign(verb, token, source, NOW, nonce)
    assert not token or token not in str(raised.value)


def test_a_plain_request_written_twice_is_two_requests_and_a_signed_one_is_one() -> None:
    assert identify(GOOD, 0) != identify(GOOD, 1)
    assert identify(SIGNED, 0) == identify(SIGNED, 1)


def test_only_what_is_well_formed_is_recorded_of_a_refused_line() -> None:
    assert claim(f"status|{TOKEN}|cli|1") == Claim("cli", "status")
    assert claim(f"{TOKEN}|status|c l i|1") == Claim("", "")
    assert claim(f"ack=a b|{TOKEN}|cli|1|2") == Claim()


@given(st.text())
def test_no_text_is_accepted_by_luck_or_raises(line: str) -> None:
    for policy in (POLICY, NO_PLAIN, of("a*")):
        assert isinstance(judge(line, policy, NOW), Refusal)
    claim(line)
    identify(line, 0)


TEXT = st.text(max_size=20)


@given(st.sampled_from([*VERBS, "pause=1m", "ack=x"]) | TEXT, TEXT | st.just(TOKEN), TEXT, TEXT)
def test_nothing_is_accepted_without_the_token(
    action: str, token: str, source: str, epoch: str
) -> None:
    verdict = judge(f"{action}|{token}|{source}|{epoch}", POLICY, NOW)
    assert isinstance(verdict, Refusal) or token == TOKEN


@given(st.integers(0, len(SIGNED) - 1), st.characters(codec="utf-8"))
def test_a_signed_request_with_one_character_changed_is_refused(place: int, sign_: str) -> None:
    changed = SIGNED[:place] + sign_ + SIGNED[place + 1 :]
    assert changed == SIGNED or isinstance(judge(changed, POLICY, NOW), Refusal)
