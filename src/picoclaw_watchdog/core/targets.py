"""What can be ill, and what can be done to it. Kinds are few and closed; names are the owner's."""

from enum import Enum

from picoclaw_watchdog.light import NamedTuple


class Kind(Enum):
    """What sort of thing is watched: policy is made for kinds, never for names."""

    SERVICE = "service"  # a program of ours that we may restart
    EXPOSURE = "exposure"  # what makes a service reachable from outside
    PEER = "peer"  # what a service needs, and others run
    NETWORK = "network"
    MANAGER = "manager"  # who starts and stops services
    HOST = "host"  # this machine
    AGENT = "agent"  # the watchdog itself


class Target(NamedTuple):
    """One watched thing."""

    kind: Kind
    name: str


class Verb(Enum):
    """What can be done."""

    RESTART = "restart"
    RECOVER = "recover"


class Action(NamedTuple):
    """One thing that can be done to one target: a budget is kept for each."""

    verb: Verb
    target: Target

    @property
    def name(self) -> str:
        """How the owner's files and requests call it: `restart_gateway`."""
        return f"{self.verb.value}_{self.target.name}"


GATEWAY = Target(Kind.SERVICE, "gateway")
FUNNEL = Target(Kind.EXPOSURE, "funnel")
OLLAMA = Target(Kind.PEER, "ollama")
NETWORK = Target(Kind.NETWORK, "network")
SYSTEMD = Target(Kind.MANAGER, "systemd")
HOST = Target(Kind.HOST, "host")
WATCHDOG = Target(Kind.AGENT, "watchdog")

RESTART_GATEWAY = Action(Verb.RESTART, GATEWAY)
RECOVER_FUNNEL = Action(Verb.RECOVER, FUNNEL)

# In the order in which people read of them.
BUILT_IN = (GATEWAY, FUNNEL, OLLAMA, NETWORK, SYSTEMD, HOST, WATCHDOG)
ACTIONS = (RESTART_GATEWAY, RECOVER_FUNNEL)

NAMES = tuple(each.name for each in BUILT_IN)


def named(name: str) -> Target:
    """The target of this name: one of ours, else a service of the owner's."""
    return next((each for each in BUILT_IN if each.name == name), Target(Kind.SERVICE, name))


def action_named(name: str) -> Action | None:
    """The action of this name, as `Action.name` has it; None where it is none."""
    verb, _, target = name.partition("_")
    known = next((each for each in Verb if each.value == verb), None)
    return Action(known, named(target)) if known is not None and target else None
