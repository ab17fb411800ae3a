"""Policy: what is known of each ill, in one table. docs/recovery.md is printed from it.

There is no default: an ill without a rule does not pass mypy.
"""
# One line for each ill: a long match is a table.
# ruff: noqa: C901, PLR0912

from enum import Enum
from typing import assert_never

from picoclaw_watchdog.core.reasons import Gravity, Ill, Topic
from picoclaw_watchdog.core.targets import Kind, Verb
from picoclaw_watchdog.light import NamedTuple

A_DAY = 86_400.0  # seconds


class Confirm(Enum):
    """What makes an ill certain enough to act on."""

    AT_ONCE = "at_once"  # systemd itself says so
    SECOND_LOOK = "second_look"  # asked again within the cycle
    SECOND_CYCLE = "second_cycle"  # asked again, and found by the cycle before as well
    SECOND_FAILURE = "second_failure"  # by the count that the owner's file keeps


class Rule(NamedTuple):
    """What is known of one ill."""

    kind: Kind
    told: Topic | None  # as what it is told; None: it is no fault yet
    gravity: Gravity = Gravity.CRITICAL
    remedy: Verb | None = None  # what brings it back; None: nothing that we may run
    confirm: Confirm = Confirm.SECOND_LOOK
    most: int | None = None  # attempts in one incident; None: as many as the budget allows
    patience: int = 1  # consecutive cycles that find it before it is told, if nothing was tried
    explained_by: tuple[Kind, ...] = ()  # ills of these kinds, in what the target needs, explain it
    pause: float = 0.0  # seconds at least between two messages about it

    @property
    def only_the_owner(self) -> bool:
        """Whether nobody but the owner can mend it."""
        return self.remedy is None and self.told is Topic.OWNER_MUST_ACT


def rule_of(ill: Ill) -> Rule:
    """The rule of an ill."""
    match ill:
        case Ill.SERVICE_DOWN | Ill.SERVICE_START_LIMIT | Ill.SERVICE_STALE_PID:
            return _restarted(Confirm.AT_ONCE)
        case Ill.SERVICE_STOPPED:
            return _restarted(Confirm.AT_ONCE)
        case Ill.SERVICE_CANNOT_START:
            return _restarted(Confirm.AT_ONCE, most=1)
        case Ill.SERVICE_HUNG | Ill.SERVICE_PORT_LOST | Ill.SERVICE_UNHEALTHY:
            return _restarted(Confirm.SECOND_LOOK)
        case Ill.SERVICE_PORT_TAKEN | Ill.WEBHOOK_DEAD:
            return _restarted(Confirm.SECOND_LOOK, most=1)
        case Ill.SERVICE_MASKED | Ill.SERVICE_CRASH_LOOP | Ill.SERVICE_START_OVERDUE:
            return _owners(Kind.SERVICE, Gravity.CRITICAL)
        case Ill.SERVICE_OF_THE_SYSTEM:
            return _owners(Kind.SERVICE, Gravity.CRITICAL)
        case Ill.SERVICE_NOT_FOUND | Ill.SERVICE_ELSEWHERE | Ill.WEBHOOK_SIGNATURE_REFUSED:
            return _owners(Kind.SERVICE, Gravity.CRITICAL, pause=A_DAY)
        case Ill.SERVICE_ADDRESS_DIFFERS | Ill.SERVICE_ANSWERS_OTHERWISE:
            return _owners(Kind.SERVICE, Gravity.CRITICAL, patience=2, pause=A_DAY)
        case Ill.SERVICE_STARTING:
            return Rule(Kind.SERVICE, None)
        case Ill.FUNNEL_OFF:
            return Rule(
                *(Kind.EXPOSURE, Topic.FUNNEL_FAILED, Gravity.CRITICAL, Verb.RECOVER),
                confirm=Confirm.AT_ONCE,
                patience=2,
                explained_by=(Kind.NETWORK, Kind.HOST),
            )
        case Ill.FUNNEL_UNREACHABLE:
            return Rule(
                *(Kind.EXPOSURE, Topic.FUNNEL_FAILED, Gravity.CRITICAL, Verb.RECOVER),
                confirm=Confirm.SECOND_CYCLE,
                patience=3,
                explained_by=(Kind.NETWORK, Kind.HOST, Kind.SERVICE, Kind.MANAGER),
            )
        case Ill.FUNNEL_NOT_ALLOWED | Ill.LINE_WEBHOOK_OFF:
            return _owners(Kind.EXPOSURE, Gravity.CRITICAL, explained_by=(Kind.NETWORK,))
        case Ill.PUBLIC_NAME_UNKNOWN | Ill.PUBLIC_CERTIFICATE | Ill.PUBLIC_ANSWERS_OTHERWISE:
            return _owners(
                *(Kind.EXPOSURE, Gravity.CRITICAL),
                patience=2,
                explained_by=(Kind.NETWORK, Kind.HOST, Kind.SERVICE, Kind.MANAGER),
            )
        case (
            Ill.TAILSCALE_LOGGED_OUT
            | Ill.TAILSCALE_KEY_EXPIRED
            | Ill.TAILSCALE_NOT_APPROVED
            | Ill.TAILSCALE_STOPPED
        ):
            return _owners(Kind.NETWORK, Gravity.CRITICAL)
        case Ill.TAILSCALE_DOWN | Ill.NETWORK_DOWN:
            return Rule(Kind.NETWORK, Topic.NETWORK_AWAY, Gravity.WARNING, patience=3)
        case Ill.PEER_DOWN | Ill.PEER_NOT_READY:
            return Rule(
                *(Kind.PEER, Topic.OLLAMA_FAILING, Gravity.WARNING, Verb.RESTART),
                confirm=Confirm.SECOND_FAILURE,
                most=1,
                patience=3,
                explained_by=(Kind.NETWORK,),
            )
        case Ill.PEER_LOADING | Ill.PEER_TOO_MANY | Ill.PEER_SAYS_ERROR:
            return _answered(patience=5)
        case Ill.PEER_NEEDS_KEY | Ill.PEER_MOVED | Ill.PEER_NOT_FOUND | Ill.PEER_ANOTHER_PROGRAM:
            return _answered(patience=2)
        case Ill.PEER_NOT_REACHED:
            return _answered(patience=3)._replace(explained_by=(Kind.NETWORK, Kind.HOST))
        case Ill.PEER_MODELS_MISSING:
            return _owners(Kind.PEER, Gravity.CRITICAL)
        case Ill.PEER_STUCK:
            return _owners(Kind.PEER, Gravity.CRITICAL)
        case Ill.BUS_SILENT:
            return Rule(Kind.MANAGER, Topic.BUS_SILENT, Gravity.WARNING, patience=2)
        case (
            Ill.HOST_CLOCK_WRONG
            | Ill.HOST_NO_CERTIFICATES
            | Ill.HOST_NO_RESOLVER
            | Ill.HOST_PROXY_NEEDED
            | Ill.HOST_OUT_OF_PROCESSES
        ):
            return _owners(Kind.HOST, Gravity.CRITICAL, patience=2, pause=A_DAY)
        case Ill.WATCHDOG_BLIND:
            return Rule(Kind.AGENT, Topic.BLIND, Gravity.CRITICAL, pause=A_DAY)
        case _:
            assert_never(ill)


def _restarted(confirm: Confirm, most: int | None = None) -> Rule:
    return Rule(
        *(Kind.SERVICE, Topic.HEALTH_FAILING, Gravity.WARNING, Verb.RESTART, confirm, most),
        patience=2,
        explained_by=(Kind.MANAGER,),
    )


def _owners(
    kind: Kind,
    gravity: Gravity,
    patience: int = 1,
    explained_by: tuple[Kind, ...] = (),
    pause: float = 0.0,
) -> Rule:
    return Rule(
        *(kind, Topic.OWNER_MUST_ACT, gravity),
        patience=patience,
        explained_by=explained_by,
        pause=pause,
    )


def _answered(patience: int) -> Rule:
    """A peer that answers, but not with what was asked for: no restart of ours changes that."""
    network = (Kind.NETWORK,)
    return _owners(Kind.PEER, Gravity.WARNING, patience, explained_by=network, pause=A_DAY)
