"""Values of the model as plain JSON values, and back.

A named tuple becomes an object keyed by its fields. Reading takes what it knows: a field that
is missing has its default, one that is unknown is passed over, so that an older and a newer
version can read each other; anything of a wrong type is refused.
"""

import math
from enum import Enum
from types import GenericAlias, NoneType, UnionType

from picoclaw_watchdog.core.targets import Action, Target, action_named, named
from picoclaw_watchdog.light import Any, TypeVar, cast

T = TypeVar("T")


def pack(value: object) -> object:
    """The value as JSON knows it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Target | Action):
        return value.name
    if isinstance(value, tuple):
        fields = getattr(value, "_fields", None)
        if fields is None:
            return [pack(each) for each in value]
        return {name: pack(each) for name, each in zip(fields, value, strict=True)}
    return value


def unpack(kind: type[T], raw: object) -> T:
    """The value that was packed.

    Raises:
        ValueError: this is no packed value of that kind.
    """
    return cast(T, unpack_as(kind, raw))


def unpack_as(kind: Any, raw: Any) -> Any:
    """As `unpack`, for any annotation of the model: `Moment | None`, `tuple[Alert, ...]`.

    Raises:
        ValueError: this is no packed value of that kind.
    """
    if isinstance(kind, UnionType):
        return _one_of(kind.__args__, raw)
    if isinstance(kind, GenericAlias):  # tuple[...]: the model has no other
        return _tuple(kind.__args__, raw)
    if kind in (Target, Action):
        return _by_name(kind, raw)
    if hasattr(kind, "_fields"):
        return _named(kind, raw)
    if issubclass(kind, Enum):
        return kind(raw)
    if kind is float and type(raw) is int:
        raw = _float(raw)
    if type(raw) is not kind or (kind is float and not math.isfinite(raw)):
        raise ValueError(f"{str(raw)[:40]!r} is no {kind.__name__}")
    return raw


def _by_name(kind: Any, raw: object) -> Target | Action:
    """Targets and actions are stored by their names, which people read."""
    read = named if kind is Target else action_named
    value = read(raw) if isinstance(raw, str) else None
    if value is None:
        raise ValueError(f"{str(raw)[:40]!r} is no {kind.__name__}")
    return value


def _float(number: int) -> float:
    try:
        return float(number)
    except OverflowError as error:
        raise ValueError(str(error)) from None


def _one_of(kinds: tuple[Any, ...], raw: object) -> Any:
    if raw is None and NoneType in kinds:
        return None
    (kind,) = (each for each in kinds if each is not NoneType)
    return unpack_as(kind, raw)


def _tuple(kinds: tuple[Any, ...], raw: object) -> tuple[Any, ...]:
    if not isinstance(raw, list):
        raise ValueError(f"{str(raw)[:40]!r} is no list")  # noqa: TRY004  # it is data
    if kinds[-1] is Ellipsis:
        return tuple([unpack_as(kinds[0], each) for each in raw])
    if len(raw) != len(kinds):
        raise ValueError(f"{len(raw)} values, not {len(kinds)}")
    return tuple([unpack_as(kind, each) for kind, each in zip(kinds, raw, strict=True)])


def _named(kind: Any, raw: object) -> Any:
    if not isinstance(raw, dict):
        raise ValueError(f"{str(raw)[:40]!r} is no {kind.__name__}")  # noqa: TRY004  # it is data
    known = {
        name: unpack_as(annotation, raw[name])
        for name, annotation in kind.__annotations__.items()
        if name in raw
    }
    try:
        return kind(**known)
    except TypeError as error:
        raise ValueError(str(error)) from None
