"""What a gateway says of its own checks: which fail, and whether those are all somebody else's.

The shapes that are known: PicoClaw's fork names its checks in an object, its branch `parity` in a
list; RenCrow and stock releases name none; OpenClaw lists the names of what fails.
"""

import re

from picoclaw_watchdog.light import NamedTuple

PASSES = frozenset(
    [
        "ok",
        "pass",
        "passed",
        "passing",
        "healthy",
        "up",
        "ready",
        "alive",
        "true",
        "skipped",
        "disabled",
    ]
)
# How the checks of what answers for the language model begin to be called.
_DEPENDENCY = (
    r"(?i)(?:ollama|llm|models?|providers?|embedd?ings?|embedders?|inference|openai|anthropic"
    r"|lm[_-]?studio|llama|vllm|litellm)(?![a-z])|ollama"
)
_STARTING = r"(?i)start|warm|boot|init|loading"


class Said(NamedTuple):
    """Which checks a gateway names, and how they stand."""

    named: bool  # it names checks at all
    failing: tuple[tuple[str, str], ...] = ()  # name and message

    @property
    def words(self) -> str:
        """`name: message; ...`."""
        return "; ".join(f"{name}: {why}" if why else name for name, why in self.failing)

    @property
    def only_dependencies(self) -> bool:
        """Whether all that fails is what the gateway needs, and not the gateway."""
        names = [name for name, _ in self.failing]
        return bool(names) and all(re.match(_DEPENDENCY, name) for name in names)

    @property
    def only_starting(self) -> bool:
        """Whether all that fails is a part that has not started yet."""
        names = [name for name, _ in self.failing]
        return bool(names) and all(re.match(_STARTING, name) for name in names)


def said_by(document: dict[str, object]) -> Said:
    """The checks in a body, in whichever of the known shapes."""
    checks, failing = document.get("checks"), document.get("failing")
    if isinstance(checks, dict) and checks:
        entries = [(str(name), check) for name, check in checks.items()]
        return Said(named=True, failing=_failing(entries))
    if isinstance(checks, list) and checks:
        return Said(named=True, failing=_failing([(_name(check), check) for check in checks]))
    if isinstance(failing, list) and failing:
        return Said(named=True, failing=tuple((str(name), "") for name in failing))
    return Said(named=False)


def is_starting(document: dict[str, object]) -> bool:
    """Whether a body says in one word that its program is still starting."""
    return re.match(_STARTING, str(document.get("status", ""))) is not None


def _failing(entries: list[tuple[str, object]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, _message(check)) for name, check in entries if not _passes(check))


def _passes(check: object) -> bool:
    if isinstance(check, dict):
        said = next((check[key] for key in ("status", "ok", "healthy") if key in check), None)
        return said is True or str(said).lower() in PASSES
    return check is True or (isinstance(check, str) and check.lower() in PASSES)


def _name(check: object) -> str:
    return str(check.get("name") or "?") if isinstance(check, dict) else str(check)


def _message(check: object) -> str:
    if not isinstance(check, dict):
        return "fails"
    return str(check.get("message") or check.get("error") or "fails")
