"""What the quiet cycle needs of `typing`, without its price.

A cycle is a fresh process every minute; importing `typing`, and letting it compile a constructor
for each of fifty named tuples, was a sixth of its CPU (docs/decisions/0013). Checkers see the
real names. At run time a named tuple takes its constructor from a template with as many
arguments, and what only checkers read is an empty shell.
"""

import sys

TYPE_CHECKING = False  # checkers know the name and take it for true

if TYPE_CHECKING or sys.version_info >= (3, 14):
    from typing import Any, Generic, NamedTuple, Protocol, Self, TextIO, TypeVar, cast
else:
    from _collections import _tuplegetter
    from types import FunctionType

    _new = tuple.__new__
    # What namedtuple() would compile; only the names of the arguments are still missing.
    _TEMPLATES = (
        lambda cls: _new(cls, ()),
        lambda cls, a: _new(cls, (a,)),
        lambda cls, a, b: _new(cls, (a, b)),
        lambda cls, a, b, c: _new(cls, (a, b, c)),
        lambda cls, a, b, c, d: _new(cls, (a, b, c, d)),
        lambda cls, a, b, c, d, e: _new(cls, (a, b, c, d, e)),
        lambda cls, a, b, c, d, e, f: _new(cls, (a, b, c, d, e, f)),
        lambda cls, a, b, c, d, e, f, g: _new(cls, (a, b, c, d, e, f, g)),
        lambda cls, a, b, c, d, e, f, g, h: _new(cls, (a, b, c, d, e, f, g, h)),
        lambda cls, a, b, c, d, e, f, g, h, i: _new(cls, (a, b, c, d, e, f, g, h, i)),
    )

    def _constructor(fields, defaults):
        if len(fields) < len(_TEMPLATES):
            code = _TEMPLATES[len(fields)].__code__
            named = code.replace(co_varnames=("_cls", *fields), co_name="__new__")
            return FunctionType(named, globals(), "__new__", defaults)
        from collections import namedtuple

        return namedtuple("_", fields, defaults=defaults).__new__  # noqa: PYI024

    class _Type(type):
        def __new__(mcs, name, bases, body):
            if not bases:
                return type.__new__(mcs, name, (tuple,), body)
            fields = tuple(body.get("__annotations__", ()))
            defaults = {field: body[field] for field in fields if field in body}
            if tuple(defaults) != fields[len(fields) - len(defaults) :]:
                raise TypeError(f"{name}: a field without a default follows one with a default")
            made = {
                "__slots__": (),
                "__match_args__": fields,
                "__new__": _constructor(fields, tuple(defaults.values())),
                "_fields": fields,
                "_field_defaults": defaults,
            }
            getters = {field: _tuplegetter(place, "") for place, field in enumerate(fields)}
            return type.__new__(mcs, name, bases, {**body, **made, **getters})

    class NamedTuple(metaclass=_Type):
        """As `typing.NamedTuple`."""

        __slots__ = ()
        _fields = ()

        def __repr__(self):
            said = ", ".join(f"{name}={value!r}" for name, value in self._asdict().items())
            return f"{type(self).__name__}({said})"

        def __getnewargs__(self):
            return tuple(self)

        @classmethod
        def _make(cls, values):
            return cls(*values)

        def _replace(self, **changes):
            made = _new(type(self), map(changes.pop, self._fields, self))
            if changes:
                raise ValueError(f"{type(self).__name__} has no {', '.join(changes)}")
            return made

        def _asdict(self):
            return dict(zip(self._fields, self, strict=True))

    class Generic:
        """As `typing.Generic`: a class that takes a type in brackets and forgets it."""

        def __class_getitem__(cls, _):
            return cls

    class Protocol(Generic):
        """As `typing.Protocol`, which only checkers read."""

    class TypeVar:
        """As `typing.TypeVar`, which only checkers read."""

        def __init__(self, *_):
            pass

        def __or__(self, _):
            return self

        __ror__ = __or__

    Any = Self = TextIO = TypeVar()

    def cast(_, value):
        """As `typing.cast`."""
        return value


__all__ = ["TYPE_CHECKING", "Any", "Generic", "NamedTuple", "Protocol", "Self", "TextIO"]
__all__ += ["TypeVar", "cast"]
