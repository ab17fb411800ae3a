from picoclaw_watchdog.demo.box import OWNER_ID, Box
from tests.mock.cycles import cycle, own_writing, status


def break_ollama(host: Box) -> None:
    own_writing(host, "ollama_fail_count", "2\n")
    host.kill_ollama()


def test_a_message_goes_to_the_owner_under_a_retry_key(host: Box) -> None:
    break_ollama(host)
    cycle(host)
    (message,) = host.messages()
    assert message.to == OWNER_ID
    assert len(message.retry_key) == 36


def test_an_answer_that_never_came_does_not_double_the_message(host: Box) -> None:
    break_ollama(host)
    host.order("line", mode="drop")
    cycle(host, 2)
    host.order("line")
    cycle(host, 2)
    assert len(host.messages()) == 1
    assert status(host)["waiting_messages"] == 0


def test_a_line_that_is_broken_for_a_while_gets_the_message_once_later(host: Box) -> None:
    break_ollama(host)
    host.order("line", mode="503")
    cycle(host, 2)
    assert host.messages() == []
    host.order("line")
    cycle(host, 2)
    assert len(host.messages()) == 1


def test_after_an_outage_of_line_the_owner_gets_one_digest(host: Box) -> None:
    host.line_down()
    break_ollama(host)
    cycle(host, 2)
    host.kill_gateway()
    cycle(host, 2)
    host.line_up()
    cycle(host, 2)
    assert len(host.messages()) == 1
    assert status(host)["waiting_messages"] == 0


def test_a_refused_token_is_said_and_not_tried_for_ever(host: Box) -> None:
    break_ollama(host)
    host.order("line", mode="401")
    cycle(host, 2)
    assert status(host)["channel_trouble"]
    assert host.messages() == []


def test_a_line_that_never_answers_does_not_delay_the_mending(host: Box) -> None:
    host.order("line", mode="blackhole")
    host.kill_gateway()
    cycle(host)
    assert host.is_healthy()
    assert host.messages() == []


def test_no_secret_is_in_a_message_or_in_the_log(host: Box) -> None:
    break_ollama(host)
    host.order("line", mode="401")
    cycle(host)
    host.order("line")
    cycle(host)
    said = host.log() + "".join(message.text for message in host.messages())
    environment = (host.pico_home / ".env").read_text("utf-8")
    secrets = [
        line.partition("=")[2]
        for line in environment.splitlines()
        if "TOKEN" in line or "SECRET" in line
    ]
    assert len(secrets) == 2
    assert not any(secret in said for secret in secrets)
