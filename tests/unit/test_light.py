"""Our named tuple held against the standard library's."""

import copy
import pickle
import typing

import pytest

from picoclaw_watchdog import light
from picoclaw_watchdog.core.model import Incident, Moment, State


class Ours(light.NamedTuple):
    name: str
    size: int = 3
    tags: tuple[str, ...] = ()

    @property
    def double(self) -> int:
        return 2 * self.size


class Theirs(typing.NamedTuple):
    name: str
    size: int = 3
    tags: tuple[str, ...] = ()


@pytest.mark.parametrize("arguments", [("a",), ("a", 4), ("a", 4, ("x",))])
def test_it_is_made_as_the_standard_one(arguments: tuple[typing.Any, ...]) -> None:
    ours, theirs = Ours(*arguments), Theirs(*arguments)
    assert tuple(ours) == tuple(theirs)
    assert ours._asdict() == theirs._asdict()
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert (ours._fields, Ours._field_defaults) == (theirs._fields, Theirs._field_defaults)
    assert Ours.__match_args__ == Theirs.__match_args__


@pytest.mark.parametrize(
    ("arguments", "named"), [((), {}), (("a", 1, (), 2), {}), (("a",), {"colour": 1})]
)
def test_it_refuses_what_the_standard_one_refuses(
    arguments: tuple[typing.Any, ...], named: dict[str, typing.Any]
) -> None:
    for kind in (Ours, Theirs):
        with pytest.raises(TypeError):
            kind(*arguments, **named)


def test_it_is_read_by_name_and_cannot_be_changed() -> None:
    one = Ours(size=5, name="a")
    assert (one.name, one.size, one.tags, one.double) == ("a", 5, (), 10)
    for name in ("size", "colour"):
        with pytest.raises(AttributeError):
            setattr(one, name, 1)


def test_a_field_is_replaced_by_name_and_only_a_known_one() -> None:
    assert Ours("a")._replace(size=9) == ("a", 9, ())
    with pytest.raises(ValueError, match="colour"):
        Ours("a")._replace(colour=9)  # type: ignore[call-arg]


def test_a_field_without_a_default_cannot_follow_one_with_a_default() -> None:
    body = {"__annotations__": {"a": int, "b": int}, "a": 1}
    kind: typing.Any = type(Ours)
    with pytest.raises(TypeError, match="default"):
        kind("Wrong", (light.NamedTuple,), body)


@pytest.mark.parametrize("value", [Moment(1.0, 2.0, 3.0, "b"), State(ollama_fails=2)])
def test_it_can_be_copied_and_sent_to_another_process(value: typing.Any) -> None:
    assert copy.deepcopy(value) == value
    again = pickle.loads(pickle.dumps(value))  # noqa: S301  # our own bytes
    assert again == value
    assert type(again) is type(value)


def test_one_with_more_fields_than_there_are_templates_works_alike() -> None:
    assert len(Incident._fields) > 10
    moment = Moment(1.0, 2.0, 3.0, "b")
    assert State(last_cycle=moment).last_cycle is moment
    assert State()._replace(health_fails=2).health_fails == 2


def test_it_matches_a_pattern_by_position() -> None:
    match Ours("a", 4):
        case Ours(name, size):
            assert (name, size) == ("a", 4)
