"""The nouns of the watchdog: plain immutable values.

They are named tuples, not dataclasses: a cycle starts as a fresh process every minute, and
thirty frozen dataclasses cost ten times what thirty named tuples do (docs/decisions/0002).
"""

from picoclaw_watchdog.core.reasons import (
    Fate,
    Fault,
    Gravity,
    Hold,
    Ill,
    Phase,
    Probe,
    Sight,
    Topic,
    Verdict,
)
from picoclaw_watchdog.core.targets import Action, Target
from picoclaw_watchdog.light import NamedTuple


class Moment(NamedTuple):
    """One reading of all clocks, so that no jump of one of them can shorten a wait."""

    wall: float  # seconds since the epoch; may jump either way
    boot: float  # seconds since boot, suspend included; never goes back
    awake: float  # seconds since boot, suspend left out; never goes back
    boot_id: str  # changes at every boot


def seconds_between(earlier: Moment, later: Moment) -> float:
    """Seconds from one moment to a later one, never negative.

    Within one boot the boot clock answers, which nobody can set. Across boots only the wall
    clock can; a time that lies in the future counts as now.
    """
    if earlier.boot_id and earlier.boot_id == later.boot_id:
        return max(0.0, later.boot - earlier.boot)
    return max(0.0, later.wall - earlier.wall)


def seconds_suspended(earlier: Moment, later: Moment) -> float:
    """Seconds the host slept between two moments of one boot; 0 across boots."""
    if earlier.boot_id != later.boot_id:
        return 0.0
    return max(0.0, (later.boot - earlier.boot) - (later.awake - earlier.awake))


def seconds_awake_between(earlier: Moment, later: Moment) -> float:
    """Seconds in which the host was up and awake, as far as this boot knows; never negative."""
    if earlier.boot_id and earlier.boot_id == later.boot_id:
        return max(0.0, later.awake - earlier.awake)
    return max(0.0, min(later.awake, later.wall - earlier.wall))


class UnitFacts(NamedTuple):
    """What systemd says of a unit (`systemctl show`)."""

    load: str  # loaded, not-found, masked, ...
    active: str  # active, inactive, failed, activating, deactivating, reloading
    sub: str
    result: str  # success, exit-code, signal, start-limit-hit, ...
    instance: str  # InvocationID; changes at every start
    main_pid: int = 0
    started_ago: float | None = None  # seconds since the main process started; None: never
    restarts: int = 0  # NRestarts: how often systemd itself restarted it
    changed_ago: float | None = None  # seconds since it is in this state; None: not known
    kind: str = ""  # Type=: simple, notify, oneshot, ...
    status: int = 0  # ExecMainStatus: exit status or signal of the main process that ended
    code: str = ""  # ExecMainCode in words: exited, killed, dumped; empty: it has not ended
    enabled: str = ""  # UnitFileState: enabled, static, masked, ...; empty: not known
    scope: str = "user"  # user or system: whose systemd runs it
    environment: tuple[str, ...] = ()  # Environment=, each as NAME=VALUE


class Entry(NamedTuple):
    """What a Serve configuration publishes at one place: the leaves that a recovery restores."""

    host: str  # as the configuration names it
    port: int  # the public one
    mount: str  # /, /webhook/line, ...
    target: str  # as it is stored: http://127.0.0.1:18791


class Baseline(NamedTuple):
    """What was seen working of one target: the only thing that a recovery may bring back."""

    target: Target
    since: float  # wall seconds: since when it is seen so
    address: str = ""  # the address that answered as it should
    unit: str = ""  # its systemd unit
    port: int = 0  # the local port that served the webhook
    entry: Entry | None = None  # what published it
    starts: tuple[float, ...] = ()  # seconds its latest starts took at most
    instance: str = ""  # the start that was seen last


class PidFile(NamedTuple):
    """PicoClaw's own pid file, where its process is alive but is not PicoClaw."""

    path: str
    pid: int
    program: str


class Observation(NamedTuple):
    """One look at one thing."""

    probe: Probe
    verdict: Verdict
    sight: Sight
    detail: str = ""  # one line for the log, without secrets
    took: float = 0.0  # seconds
    asked: str = ""  # where: the address, unit or command; without credentials
    status: int = 0  # of an HTTP answer; 0: there was none
    about: Target | None = None  # None: the built-in target of this probe
    unit: UnitFacts | None = None  # what systemd said
    stale_pid: PidFile | None = None  # what keeps the unit from starting
    entry: Entry | None = None  # what publishes the webhook
    from_tailnet: bool = False  # answered over the tailnet: it says nothing about the world's way


class Holder(NamedTuple):
    """A program that listens on a port."""

    port: int
    pid: int
    program: str
    unit: str = ""  # its systemd service, where it has one


class Look(NamedTuple):
    """Everything one cycle has seen so far."""

    seen: tuple[Observation, ...]
    looks: tuple[tuple[Probe, int], ...] = ()  # how often each was looked at in this cycle

    def of(self, probe: Probe) -> Observation | None:
        """The latest observation of a probe, None where it is switched off."""
        for observation in self.seen:
            if observation.probe is probe:
                return observation
        return None

    def is_bad(self, probe: Probe) -> bool:
        """Whether the probe was looked at and found bad."""
        observation = self.of(probe)
        return observation is not None and observation.verdict is Verdict.BAD

    def is_good(self, probe: Probe) -> bool:
        """Whether the probe was looked at and found good."""
        observation = self.of(probe)
        return observation is not None and observation.verdict is Verdict.GOOD

    def sight(self, probe: Probe) -> Sight | None:
        """Why the probe's verdict is what it is, None where it is switched off."""
        observation = self.of(probe)
        return None if observation is None else observation.sight

    @property
    def unit(self) -> UnitFacts | None:
        """What systemd said of the unit; None where it was not asked or did not answer."""
        observation = self.of(Probe.UNIT)
        return None if observation is None else observation.unit

    def times_looked(self, probe: Probe) -> int:
        """How often the probe was looked at in this cycle."""
        return dict(self.looks).get(probe, 0)

    def updated(self, newer: "Look") -> "Look":
        """This look with a newer one laid over it."""
        fresh = {(each.about, each.probe): each for each in newer.seen}
        kept = tuple(fresh.pop((old.about, old.probe), old) for old in self.seen)
        counts = dict(self.looks)
        for probe, number in newer.looks:
            counts[probe] = counts.get(probe, 0) + number
        return Look(kept + tuple(fresh.values()), tuple(counts.items()))


class Kick(NamedTuple):
    """An authorised request of the owner."""

    id: str
    verb: str  # restart_gateway, recover_funnel, check_ollama, ...
    source: str
    argument: str = ""  # of pause: how long; of ack: the incident, empty for all
    asked: float = 0.0  # wall seconds: when it was made, as it says itself


class Served(NamedTuple):
    """What became of a kick."""

    outcome: str  # mended, done, refused, withheld, failed, interrupted
    detail: str = ""
    took: float = 0.0  # seconds
    until: float | None = None  # wall seconds: when what was withheld becomes possible


class Finding(NamedTuple):
    """A root cause and what merely follows from it."""

    target: Target
    cause: Ill
    followers: tuple[Probe, ...] = ()
    detail: str = ""
    instance: str = ""
    asked: str = ""  # where it was looked for


class Withheld(NamedTuple):
    """An action that was not taken, why, and when that may change."""

    target: Target
    action: Action | None
    hold: Hold
    until: float | None = None  # wall seconds; None: when something else changes
    detail: str = ""
    kicks: tuple[str, ...] = ()  # the ids of the kicks that asked for it


class Step(NamedTuple):
    """One action to take now, after waiting `after` seconds."""

    target: Target
    action: Action
    cause: Ill
    after: float = 0.0
    capture: bool = False  # save the journal first
    reset_failed: bool = False
    move_pid: PidFile | None = None
    instance: str = ""
    baseline: Baseline | None = None  # what is to be brought back
    kicks: tuple[str, ...] = ()  # the ids of the kicks that asked for it


class SecondLook(NamedTuple):
    """Look again at these probes, `after` seconds from now, before judging."""

    probes: tuple[Probe, ...]
    after: float


class Decision(NamedTuple):
    """What follows from what was seen. Every entry says why."""

    findings: tuple[Finding, ...] = ()
    steps: tuple[Step, ...] = ()
    withheld: tuple[Withheld, ...] = ()
    again: SecondLook | None = None
    next_look_in: float | None = None  # seconds; None: the regular interval


class Outcome(NamedTuple):
    """What became of a step."""

    phase: Phase
    detail: str = ""
    took: float = 0.0  # seconds from the step's start until it was verified
    lost: tuple[str, ...] = ()  # Funnel or Serve entries that could not be put back
    needs_owner: Sight | None = None  # why only the owner can go on, where that is known
    stands: tuple[str, ...] = ()  # things of others that would have changed: nothing was run
    advice: str = ""  # what the owner can run once he has decided, or what gives the right
    unseen: bool = False  # restored, but not seen from outside: neither mended nor not


class Attempt(NamedTuple):
    """An action that was recorded before it was taken."""

    id: str
    action: Action
    at: Moment
    phase: Phase = Phase.INTENDED
    incident: str = ""
    instance: str = ""  # the instance that was restarted
    detail: str = ""
    kicks: tuple[str, ...] = ()  # the ids of the kicks that asked for it
    took: float = 0.0  # seconds until it was verified or given up
    evidence: str = ""  # path of the journal that was saved before it


class Incident(NamedTuple):
    """One fault from its first sight to its end."""

    id: str
    target: Target
    cause: Ill
    opened: Moment
    detail: str = ""
    followers: tuple[Probe, ...] = ()
    cycles: int = 0  # consecutive cycles that found it
    attempts: int = 0
    failed: int = 0  # of them, how many did not mend it
    last_error: str = ""
    alerted: bool = False  # a message about it has been queued
    acked: bool = False
    closed: Moment | None = None
    mended_by: Action | None = None
    took: float = 0.0  # seconds the mending took
    lost: str = ""  # Funnel or Serve entries that the mending could not put back
    stands: str = ""  # entries of others that stand in the way
    advice: str = ""  # the command that only the owner may decide to run
    asked: str = ""  # where it was looked for
    unseen: float | None = None  # seconds at most from the fault to its first sight
    acked_by: str = ""
    acked_at: Moment | None = None
    drill: bool = False  # made on purpose
    planned: float | None = None  # seconds of it that its owner wanted so; None: none of it


class Alert(NamedTuple):
    """One thing to tell, before it is put into words."""

    id: str
    key: str  # what the cooldown is counted by
    topic: Topic
    gravity: Gravity
    made: Moment
    target: str = ""
    cause: Ill | None = None
    incident: str = ""
    facts: tuple[tuple[str, str], ...] = ()  # numbers and names for the wording


class Parcel(NamedTuple):
    """A push that was tried and whose fate is open: its key goes with every retry of it."""

    key: str  # a UUID: LINE's X-Line-Retry-Key
    letters: tuple[str, ...]  # ids of the alerts that were in it
    first: Moment
    silent: bool = False  # a try was sent and got no answer


class Bag(NamedTuple):
    """What one channel beside LINE still has to deliver, and how it stands with that."""

    channel: str  # its name; tells nothing about its address
    letters: tuple[Alert, ...] = ()
    trying: tuple[str, ...] = ()  # ids of the letters that may have been accepted already
    tried: Moment | None = None  # the last try, while it has not succeeded
    tries: int = 0  # since the last success
    trouble: str = ""  # why it does not take them
    refused_for: str = ""  # fingerprint of the address that was refused
    owes: tuple[str, ...] = ()  # incidents of which it has been told, and whose end it will be


class Receipt(NamedTuple):
    """What became of one try to send."""

    fate: Fate
    detail: str = ""


class Pause(NamedTuple):
    """The human switch: nothing is done and nothing told until it ends."""

    until: float | None  # wall seconds; None: until the file is removed
    who: str = ""
    why: str = ""
    planned: bool = False  # by PAUSE_WINDOWS, not by a file
    asked: bool = False  # by a request, not at the host


class Stop(NamedTuple):
    """The gateway was stopped on purpose: it is left alone until this ends, then started."""

    until: float | None  # wall seconds; None: until the file is removed
    who: str = ""
    why: str = ""
    instance: str = ""  # what was stopped: a later one was started by somebody; empty: unknown


class Drill(NamedTuple):
    """A fault that was made on purpose, as it is on disk before it is made."""

    fault: Fault
    at: Moment
    limit: float  # seconds after which it is over, whatever became of who made it
    unit: str = ""  # what is stopped or frozen; empty: no unit
    instance: str = ""  # of that unit
    entry: Entry | None = None  # what is switched off


class Wishes(NamedTuple):
    """What the owner has said in files that may change while a cycle runs."""

    paused: Pause | None = None  # None: not, or it has ended
    stopped: Stop | None = None  # also one whose time is over
    acked: frozenset[str] = frozenset()  # ids of incidents


class State(NamedTuple):
    """All that outlives a cycle."""

    health_fails: int = 0
    ollama_fails: int = 0
    webhook_fails: int = 0
    attempts: tuple[Attempt, ...] = ()  # those that still count against a budget
    incidents: tuple[Incident, ...] = ()  # open ones
    told: tuple[tuple[str, Moment], ...] = ()  # alert key -> when it was accepted
    outbox: tuple[Alert, ...] = ()
    parcel: Parcel | None = None
    bags: tuple[Bag, ...] = ()  # of the channels beside LINE
    elsewhere: tuple[str, ...] = ()  # incidents of which LINE had no message left to tell
    paused: Pause | None = None
    stopped: Stop | None = None  # also one whose time is over, until the gateway runs again
    drill: Drill | None = None  # the fault that is there on purpose
    last_cycle: Moment | None = None
    channel_trouble: str = ""  # why LINE refuses us, until that is mended
    refused_for: str = ""  # fingerprint of the token and recipient that were refused
    quota_left: int | None = None
    quota_at: Moment | None = None
    rare_looks: tuple[tuple[str, Moment], ...] = ()  # when each rare look was last taken
    answered: tuple[str, ...] = ()  # the ids of the latest kicks whose outcome was told
    baselines: tuple[Baseline, ...] = ()  # one for each target that was ever seen working
    unseen: tuple[tuple[str, int], ...] = ()  # target -> cycles in a row without a verdict

    def baseline(self, target: Target) -> Baseline | None:
        """What was seen working of a target; None where it never was."""
        return next((each for each in self.baselines if each.target == target), None)

    def incident(self, target: Target) -> Incident | None:
        """The open incident of a target."""
        for incident in self.incidents:
            if incident.target == target:
                return incident
        return None
