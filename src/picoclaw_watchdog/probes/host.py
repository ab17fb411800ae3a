"""This host first: is it we who cannot see? Asked only in doubt, before others are blamed.

Each answer needs two witnesses that do not depend on one another; the detail names them. What one
alone says is no verdict: a virtual machine's kernel never calls its clock kept, LINE's own
certificate can be the expired one.
"""

from collections.abc import Callable

from picoclaw_watchdog.core.address import host_of, is_here
from picoclaw_watchdog.core.foreign import printable
from picoclaw_watchdog.core.model import Observation, seconds_between
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import Answer, HttpFate, Means, Request, World
from picoclaw_watchdog.probes import peer
from picoclaw_watchdog.probes.http_sights import address
from picoclaw_watchdog.probes.outside import by_number, is_reached, line_is_here, line_url

WITNESSES = 2
SHARE = 0.4  # of the deadline for the first question
MOST_SKEW = 300.0  # seconds by which another's clock may differ
A_DAY = 86_400.0
# OpenSSL's numbers (x509_vfy.h): dates that do not fit the clock; a chain that ends with nobody.
WRONG_TIME = (9, 10)
ISSUER_UNKNOWN = (2, 18, 19, 20, 21)
_CERTIFICATES = (HttpFate.CERTIFICATE_REFUSED, HttpFate.NO_CERTIFICATES)


class _Case(NamedTuple):
    """All that the judges below have to go by."""

    settings: Settings
    world: World
    means: Means
    line: Answer  # what came of asking LINE's address
    url: str
    left: Callable[[], float]


def look(settings: Settings, world: World, deadline: float) -> Observation:
    """Clock, certificates, proxy, name servers, limits."""
    began = world.clock.now()

    def left() -> float:
        return max(0.0, deadline - seconds_between(began, world.clock.now()))

    means, url = world.host.means(), line_url(settings)
    found = _shortage(means)
    if found is None and not line_is_here(settings):
        line = world.network.ask(Request(url), deadline * SHARE)
        case = _Case(settings, world, means, line, url, left)
        judges = (_clock, _certificates, _proxy, _resolver)
        found = next((each for each in (judge(case) for judge in judges) if each), None)
    return found or Observation(Probe.HOST, Verdict.GOOD, Sight.AS_EXPECTED)


def _bad(sight: Sight, *witnesses: str) -> Observation:
    return Observation(Probe.HOST, Verdict.BAD, sight, printable("; ".join(witnesses)))


def _shortage(means: Means) -> Observation | None:
    enough = len(means.shortage) >= WITNESSES
    return _bad(Sight.OUT_OF_PROCESSES, *means.shortage) if enough else None


def _clock(case: _Case) -> Observation | None:
    """A certificate's dates, the kernel, another's clock, and the age of this very program."""
    wall = case.world.clock.now().wall
    witnesses: list[str] = []
    if case.line.reason in WRONG_TIME:
        witnesses.append(f"{case.url}: {case.line.detail}")
    if wall < case.means.built - A_DAY:
        witnesses.append("the clock is before the time when this program was installed")
    if case.means.clock_kept is False:
        witnesses.append("nobody keeps the clock right (adjtimex)")
    skew = _skew(case)
    if skew:
        witnesses.append(skew)
    only_unkept = len(witnesses) < WITNESSES
    return None if only_unkept else _bad(Sight.CLOCK_WRONG, *witnesses)


def _skew(case: _Case) -> str:
    """Whose clock differs from ours; empty where nobody's does, or nobody says."""
    own, settings = case.line, case.settings
    asked = [(case.url, own)] if own.fate is HttpFate.ANSWERED else []
    if own.reason in WRONG_TIME:  # the same host without TLS: it only tells the time
        plain = case.url.replace("https://", "http://", 1)
        asked.append((plain, case.world.network.ask(Request(plain), case.left() / 2)))
    url = settings.ollama_models_url
    if not asked and url and not is_here(host_of(url)):
        asked.append((url, case.world.network.ask(peer.request(settings, url), case.left() / 2)))
    for url, answer in asked:
        theirs = _date(answer)
        ahead = case.world.clock.now().wall - theirs
        if theirs and abs(ahead) > MOST_SKEW:
            way = "ahead of" if ahead > 0 else "behind"
            return f"the clock is {abs(ahead):.0f} s {way} the one of {address(url)}"
    return ""


def _date(answer: Answer) -> float:
    """The other side's clock; 0 where it does not say."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(answer.headers.get("date", "")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return 0.0


def _certificates(case: _Case) -> Observation | None:
    """No store, or one without those that sign for two well-known hosts."""
    if case.line.fate not in _CERTIFICATES or case.line.reason not in ISSUER_UNKNOWN:
        return None
    first = f"{case.url}: {case.line.detail}"
    if case.means.authorities is False:
        return _bad(Sight.NO_CERTIFICATES, case.means.authorities_words, first)
    second = by_number(case.world, case.left())
    if second.fate in _CERTIFICATES and second.reason in ISSUER_UNKNOWN:
        known = "the CA certificates of this host know neither issuer"
        return _bad(Sight.NO_CERTIFICATES, first, f"dns.google: {second.detail}", known)
    return None


def _proxy(case: _Case) -> Observation | None:
    """The straight way is closed, and somebody on this host knows another."""
    if case.line.fate is HttpFate.PROXY_FAILED:
        return _bad(Sight.PROXY_NEEDED, "HTTPS_PROXY is set", case.line.detail)
    proxy, named_in = case.means.proxy_elsewhere, case.means.proxy_named_in
    if (is_reached(case.line) and case.line.fate is not HttpFate.REFUSED) or not proxy:
        return None
    if case.line.fate is HttpFate.STARVED:
        return None
    url = proxy if "://" in proxy else f"http://{proxy}"
    if not is_reached(case.world.network.ask(Request(url), case.left() / 2)):
        return None
    shown = address(url)
    straight = f"{case.url} without a proxy: {case.line.detail or case.line.fate.value}"
    return _bad(Sight.PROXY_NEEDED, straight, f"{named_in} names {shown}, which answers")


def _resolver(case: _Case) -> Observation | None:
    """Names are not resolved, while the world is there by number, or no name server is set."""
    if case.line.fate is not HttpFate.NAME_UNKNOWN:
        return None
    first = f"{case.url}: {case.line.detail}"
    if is_reached(by_number(case.world, case.left())):
        servers = ", ".join(case.means.name_servers or ()) or "none"
        return _bad(Sight.NO_RESOLVER, first, f"by number the world answers; nameserver: {servers}")
    if case.means.name_servers == () and case.world.network.has_route():
        return _bad(Sight.NO_RESOLVER, first, "/etc/resolv.conf names no nameserver")
    return None
