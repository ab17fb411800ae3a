"""Cases of real hosts: each a folder with its input and what is right. See README.md."""

import os
import re
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.field.case import FOLDER, LANGUAGES, Case, Printed, read, words
from tests.field.lab import LabWorld
from tests.field.world import Ended, World
from tests.lab.lab import Lab, why_not
from tests.unit.certificates import Authority

AnyWorld = World | LabWorld

CASES = [read(path.parent) for path in sorted(FOLDER.glob("*/case.toml"))]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", [c for c in CASES if c.world == "box"], ids=lambda c: str(c.name))
def test_a_case_of_the_field(case: Case, language: str, authority: Authority) -> None:
    with World(case, language, authority) as world:
        judge(world, language, play(world))


@pytest.mark.lab
@pytest.mark.timeout(180)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", [c for c in CASES if c.world == "lab"], ids=lambda c: str(c.name))
def test_a_case_of_the_field_in_the_lab(case: Case, language: str) -> None:
    reason = why_not()
    if reason and os.environ.get("CI") != "true":
        pytest.skip(f"no lab: {reason}")
    with closing(Lab()) as lab:
        world = LabWorld(case, language, lab)
        judge(world, language, play(world))


def play(world: AnyWorld) -> "Before":
    """Let it happen; what was so when it began is the measure."""
    case = world.case
    as_it_was = world.served()
    if case.then is not None:
        first = world.run("once")
        assert first.code == 0, first.printed
        if case.given.first == "well":
            assert world.ills() == [], "it was to be well at first"
        world.change(case.then)
    before = Before(world.starts(), world.served(), as_it_was)
    for _ in range(case.cycles):
        before.cycles.append(world.run("once"))
    return before


class Before:
    """The host before the watchdog had a reason to act."""

    def __init__(self, starts: int, served: object, as_it_was: object) -> None:
        self.starts, self.served, self.as_it_was = starts, served, as_it_was
        self.cycles: list[Ended] = []


def judge(world: AnyWorld, language: str, before: Before) -> None:
    """Everything that is not right, at once."""
    right, wrong = world.case.right, []

    def must(true: object, what: str) -> None:
        if not true:
            wrong.append(what)

    for cycle in before.cycles:
        must(cycle.code == right.once, f"a cycle ended with {cycle.code}: {cycle.printed}")
    must("internal error" not in world.log(), "an error of our own")
    starts = world.starts() - before.starts
    must(_in_range(starts, str(right.starts)), f"{starts} starts of the gateway: {right.starts}")
    _judge_tailnet(world, before, must)
    if right.ills is not None:
        ills = world.ills()
        must(_are(ills, right.ills), f"ills {ills}, not {list(right.ills)}")
    for place in right.well:
        must(world.is_well(place), f"{place} does not answer as it should")
    if right.status is not None:
        _judge_printed(world, language, Printed(("status",), right.status), must)
    _judge_messages(world, language, must)
    for printed in right.prints:
        _judge_printed(world, language, printed, must)
    _judge_traces(world, must)
    told = "\n---\n".join(world.messages())
    assert not wrong, "\n".join([*wrong, f"messages:\n{told}", f"log:\n{world.log()}"])


Must = Callable[[object, str], None]


def _are(found: list[str], wanted: tuple[str, ...]) -> bool:
    left, more = list(found), "..." in wanted
    for each in wanted:
        if each == "...":
            continue
        one = next((ill for ill in left if ill in each.split("|")), None)
        if one is None:
            return False
        left.remove(one)
    return more or not left


def _in_range(number: int, wanted: str) -> bool:
    least, _, most = wanted.partition("..")
    return int(least) <= number <= int(most or least)


def _judge_tailnet(world: AnyWorld, before: Before, must: Must) -> None:
    right, served, commands = world.case.right, world.served(), world.commands()
    allowed = right.commands
    if right.serve == "unchanged":
        must(served == before.served, f"Tailscale now serves {served}, not {before.served}")
        allowed = () if allowed is None else allowed
    elif right.serve == "restored":
        must(served == before.as_it_was, f"Tailscale now serves {served}")
    else:
        wanted = world.json(right.serve)
        must(served == wanted, f"Tailscale now serves {served}, not {wanted}")
    if allowed is not None and allowed != ("*",):
        expected = [world.said(each) for each in allowed]
        must(commands == expected, f"Tailscale was told {commands}")
    if right.public is not None:
        public = _public(served)
        must(public == sorted(map(world.said, right.public)), f"public is now {public}")


def _public(served: object) -> list[str]:
    """Every mount and forward that the internet can see."""
    assert isinstance(served, dict)
    seen: list[str] = []
    for name, on in served.get("AllowFunnel", {}).items():
        if on:
            mounts = served.get("Web", {}).get(name, {}).get("Handlers", {})
            seen += [f"{name}{mount}" for mount in mounts] or [f"{name} tcp"]
    return sorted(seen)


def _judge_messages(world: AnyWorld, language: str, must: Must) -> None:
    right, messages = world.case.right, world.messages()
    if right.messages is not None:
        in_range = _in_range(len(messages), str(right.messages))
        must(in_range, f"{len(messages)} messages: {right.messages}")
    _judge_words(world, language, right.says, right.lacks, "\n".join(messages), "a message", must)


def _judge_printed(world: AnyWorld, language: str, printed: Printed, must: Must) -> None:
    ended, name = world.run(*printed.command), " ".join(printed.command)
    if printed.status is not None:
        must(ended.code == printed.status, f"{name} ended with {ended.code}: {ended.printed}")
    must("Traceback" not in ended.printed, f"{name}: {ended.printed}")
    _judge_words(world, language, printed.has, printed.lacks, ended.printed, name, must)


def _judge_words(
    world: AnyWorld, language: str, has: object, lacks: object, text: str, where: str, must: Must
) -> None:
    for word in words(has, language):
        found = any(_holds(text, world.said(each)) for each in word.split("|"))
        must(found, f"{where} does not say {world.said(word)!r}: {text}")
    for word in words(lacks, language):
        must(not _holds(text, world.said(word)), f"{where} says {world.said(word)!r}: {text}")


def _holds(text: str, word: str) -> bool:
    """Words are found across line breaks and whatever their case is; numbers are whole ones."""
    if word.isdigit():
        return re.search(rf"(?<!\d){word}(?!\d)", text) is not None
    return _plain(word) in _plain(text)


def _plain(text: str) -> str:
    return "".join(text.split()).lower()


def _judge_traces(world: AnyWorld, must: Must) -> None:
    right = world.case.right
    for name, wanted in right.files.items():
        path = world.home(world.said(name))
        if isinstance(wanted, bool):
            must(path.exists() == wanted, f"{name} {'is gone' if wanted else 'is there'}")
        else:
            text = path.read_text("utf-8") if path.exists() else None
            must(text == world.said(str(wanted)), f"{name} now holds {text!r}")
    for place, requests in right.asked.items():
        asked = [each.strip() for each in world.asked(place)]
        must(asked == list(requests), f"{place} was asked {asked}, not {list(requests)}")
    traces = world.traces()
    for word in right.somewhere:
        must(any(word in text for text in traces.values()), f"no file of {list(traces)}: {word!r}")
    traces |= {f"message {number}": text for number, text in enumerate(world.messages())}
    for name, text in traces.items() if right.nowhere else ():
        for word in right.nowhere:
            must(world.said(word) not in text, f"{name} holds {world.said(word)!r}")
