"""What a world must supply. The host, the demo and the simulator each have their own.

No method here raises for expected trouble: a silent bus, a refused connection or a missing
program is a value. Every call that can block takes a deadline in seconds and keeps it.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum

from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import (
    Alert,
    Attempt,
    Holder,
    Incident,
    Moment,
    PidFile,
    Receipt,
    State,
    UnitFacts,
    Wishes,
)
from picoclaw_watchdog.core.reasons import Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import NamedTuple, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Time, and waiting."""

    def now(self) -> Moment:
        """All clocks at once."""

    def sleep(self, seconds: float) -> None:
        """Wait; a simulated clock only moves on."""


class Ran(NamedTuple):
    """A command that was run, or could not be."""

    code: int  # exit status; negative: ended by that signal; 127: not found
    out: str = ""
    err: str = ""
    timed_out: bool = False
    starved: bool = False  # not run: this host gives us no process, descriptor or memory more

    @property
    def ok(self) -> bool:
        """Ended by itself with status 0."""
        return self.code == 0 and not self.timed_out

    @property
    def complaint(self) -> str:
        """The last line it complained with, as a detail."""
        lines = (self.err or self.out).strip().splitlines()
        return (said(lines[-1]) if lines else "") or f"exit status {self.code}"


class Why(Enum):
    """Why something that should answer did not."""

    SILENT = "silent"  # it failed, or what it said cannot be read
    MISSING = "missing"  # the program is not installed
    TIMED_OUT = "timed_out"
    DENIED = "denied"  # we may not even ask
    DOWN = "down"  # nobody is there who could answer
    STARVED = "starved"  # it could not be asked, see `Ran.starved`


class Silence(NamedTuple):
    """Something that should answer and did not: not the same as a bad answer."""

    detail: str
    why: Why = Why.SILENT


class Services(Protocol):
    """The user's systemd."""

    def show(self, unit: str, deadline: float) -> UnitFacts | Silence:
        """What systemd knows of the unit; Silence where the bus does not answer."""

    def start(self, unit: str, deadline: float) -> Ran:
        """Start and wait for systemd's job until the deadline."""

    def stop(self, unit: str, deadline: float) -> Ran:
        """Stop and wait for systemd's job until the deadline."""

    def restart(self, unit: str, deadline: float) -> Ran:
        """Restart (or start) and wait for systemd's job until the deadline."""

    def reset_failed(self, unit: str, deadline: float) -> Ran:
        """Clear a start limit, without which a restart is refused."""

    def kill(self, unit: str, deadline: float) -> Ran:
        """SIGKILL every process of the unit."""

    def signal(self, unit: str, name: str, deadline: float) -> Ran:
        """Send a signal (`SIGSTOP`) to every process of the unit."""

    def journal(self, unit: str, lines: int, deadline: float) -> Ran:
        """The unit's last journal lines in `out`."""


class HttpFate(Enum):
    """How an HTTP exchange ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"  # connected or connecting, and the deadline passed
    CLOSED = "closed"  # connected, request sent, closed without an answer
    NOT_HTTP = "not_http"
    NAME_UNKNOWN = "name_unknown"
    NO_ROUTE = "no_route"
    TLS_FAILED = "tls_failed"
    CERTIFICATE_REFUSED = "certificate_refused"  # theirs
    NO_CERTIFICATES = "no_certificates"  # ours: nothing is there to verify theirs with
    PROXY_FAILED = "proxy_failed"  # the proxy that our environment names did not connect us
    STARVED = "starved"  # this process gets no thread, descriptor or buffer more


class Request(NamedTuple):
    """One HTTP request."""

    url: str
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    connect_to: str = ""  # an IP address to use instead of resolving the name


class Answer(NamedTuple):
    """What came back, read up to a limit and a deadline."""

    fate: HttpFate
    status: int = 0
    headers: Mapping[str, str] = {}  # names in lower case
    body: bytes = b""  # at most 64 KiB of it
    detail: str = ""
    sent: bool = False  # whether the whole request left this machine
    peer: str = ""  # the address that answered; empty: unknown, or a unix socket
    reason: int = 0  # why a certificate was not accepted: OpenSSL's number (x509_vfy.h)


class Network(Protocol):
    """Sockets."""

    def ask(self, request: Request, deadline: float) -> Answer:
        """One request, one answer. The deadline covers all of it, name resolution included."""

    def listening(self, ports: Sequence[int]) -> frozenset[int] | None:
        """Which of the TCP ports somebody listens on; None: could not be looked at."""

    def has_route(self) -> bool | None:
        """Whether the kernel knows a way into the world; None: could not be looked at."""

    def resolves(self, name: str, deadline: float) -> bool:
        """Whether the name has an address."""


class Served(NamedTuple):
    """One thing that this node publishes, in the tailnet or to everybody."""

    port: int
    kind: str  # https, http, tcp, tls-terminated-tcp, tun
    what: str  # proxy, path, text, redirect, forward; empty: no handler
    target: str
    host: str = ""
    mount: str = ""  # web only
    public: bool = False
    live: bool = True  # False: a handler without the listener it needs
    foreground: bool = False
    service: str = ""  # svc:NAME


class Funnel(NamedTuple):
    """What this node serves, as tailscaled has it."""

    entries: tuple[Served, ...] = ()
    raw: str = ""  # the JSON as it was; empty: only the text form was to be had
    etag: str = ""  # binds a change to this very reading; empty: read through the command
    name: str = ""  # the node's name now, where it was asked
    trouble: Sight | None = None  # why the configuration says nothing, or nothing is served


class Node(NamedTuple):
    """`tailscale status --json`, reduced."""

    state: str  # BackendState: Running, NeedsLogin, Stopped, NeedsMachineAuth, Starting, NoState
    online: bool = True
    expired: bool = False
    key_expiry: str = ""
    dns_name: str = ""  # without the trailing dot
    can_funnel: bool | None = None  # None: not said
    can_https: bool | None = None
    auth_url: str = ""
    version: str = ""
    health: tuple[str, ...] = ()


class Fit(Enum):
    """What became of a change that was posted to tailscaled."""

    DONE = "done"
    CHANGED = "changed"  # somebody else was quicker: read again
    DENIED = "denied"
    PATHS_OF_ROOT = "paths_of_root"  # root serves a file or socket: only root may change anything
    REFUSED = "refused"
    NO_ANSWER = "no_answer"  # whether it was done is not known


class Written(NamedTuple):
    """The answer to a change."""

    fit: Fit
    detail: str = ""


class Commanded(NamedTuple):
    """A `tailscale` command that was tried, with root's rights where ours did not do."""

    ran: Ran
    denied: bool = False  # neither we nor sudo may
    as_root: bool = False


class Tailnet(Protocol):
    """Tailscale on this host."""

    def funnel(self, deadline: float) -> Funnel | Silence:
        """What is published."""

    def node(self, deadline: float) -> Node | Silence:
        """How this node stands with its tailnet."""

    def write(self, raw: str, etag: str, deadline: float) -> Written:
        """Replace the whole configuration, if it is still the one with this etag."""

    def command(self, arguments: Sequence[str], deadline: float) -> Commanded:
        """Run `tailscale`; through sudo only what sudo is shown to allow, word for word."""

    def may_as_root(self, arguments: Sequence[str], deadline: float) -> bool:
        """Whether sudo allows exactly this `tailscale` command without a password."""

    def client_version(self, deadline: float) -> str:
        """The version of the command, which may differ from tailscaled's; empty: unknown."""


class Means(NamedTuple):
    """What this machine has to look out with, as it says itself."""

    clock_kept: bool | None = None  # somebody keeps the clock right; None: not known
    built: float = 0.0  # wall seconds: when this program was put here
    authorities: bool | None = None  # there are CA certificates to verify with
    authorities_words: str = ""  # where there are none
    name_servers: tuple[str, ...] | None = None  # that are set; None: not known
    proxy_elsewhere: str = ""  # URL of a proxy that is set on this host, but not for us
    proxy_named_in: str = ""  # the file or program that names it
    shortage: tuple[str, ...] = ()  # what cannot be had any more, each seen for itself


class Host(Protocol):
    """Other facts of this machine."""

    def name(self) -> str:
        """The host's name, for messages."""

    def stale_pid(self, path: str) -> PidFile | None:
        """The pid file, where its process is alive and is not PicoClaw."""

    def stranger(self, port: int, unit: str, main_pid: int) -> Holder | None:
        """Who listens on a port and is proven not to belong to a unit with this main process."""

    def move_aside(self, path: str) -> str:
        """Rename a file to `<name>.stale-<time>`; answers the new name, empty on failure."""

    def together(self, calls: Sequence[Callable[[], T]], deadline: float) -> list[T | None]:
        """Run all calls at the same time; None for those not finished at the deadline."""

    def means(self) -> Means:
        """What this machine has to look out with. Not cheap: asked only in doubt."""


class Channel(Protocol):
    """One way to tell the owner."""

    name: str

    def send(self, text: str, key: str, deadline: float) -> Receipt:
        """Send one message under a key that stays the same for every retry of it."""

    def room(self, deadline: float) -> int | None:
        """How many messages the month still allows; None: unlimited or unknown."""


class Courier(Protocol):
    """One more way to tell. It knows no key: a message whose fate stayed open may arrive twice."""

    name: str

    def fingerprint(self) -> str:
        """Changes when the owner changes what the other side judges us by; holds no secret."""

    def start(self, text: str, kind: str, deadline: float) -> Callable[[], Receipt]:
        """Begin to send, without waiting; what it answers waits, and keeps the deadline.

        `kind` is one of info, success, warning and failure.
        """


class Store(Protocol):
    """The disk: what outlives a cycle."""

    def load(self, now: Moment) -> State:
        """The state as the disk has it. Garbage counts as absent; see `complaints`."""

    def save(self, state: State) -> bool:
        """Write what changed since the last load or save, durably. False: it could not be."""

    def wishes(self, now: Moment) -> Wishes:
        """What the owner says by now: he need not wait for the end of a cycle."""

    def archive(self, incident: Incident) -> None:
        """Say how an incident ended, before the save that no longer has it among the open ones."""

    def complaints(self) -> tuple[str, ...]:
        """One line for each thing that could not be read or written since the last call."""

    def keep_evidence(self, text: str, now: Moment) -> str:
        """Keep a journal capture; answers its path, empty where it could not be kept."""

    def snapshot(self, document: Mapping[str, object]) -> None:
        """Replace status.json."""

    def last_snapshot(self) -> Mapping[str, object]:
        """status.json as it lies on disk; empty where there is none."""

    def history(self) -> "History":
        """What is remembered of the past."""


class History(NamedTuple):
    """The past, newest first."""

    incidents: tuple[Incident, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    delivered: tuple[tuple[Alert, Moment], ...] = ()


class Logbook(Protocol):
    """ops-watchdog.log."""

    def write(self, level: str, target: str, result: str, action: str, detail: str) -> None:
        """One line in the founding document's format; secrets are masked."""


def unmoved(settings: Settings, unit: Mapping[str, str]) -> Settings:
    """The settings as they are, whatever the gateway's unit says."""
    del unit
    return settings


class World(NamedTuple):
    """A whole world: everything the engine may touch."""

    clock: Clock
    services: Services
    network: Network
    tailnet: Tailnet
    host: Host
    store: Store
    log: Logbook
    channels: tuple[Channel, ...] = ()
    couriers: Callable[[], tuple[Courier, ...]] = tuple  # asked only when there is news
    # The settings by the environment that systemd gives the gateway.
    follow: Callable[[Settings, Mapping[str, str]], Settings] = unmoved
