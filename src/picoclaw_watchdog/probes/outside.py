"""Addresses of the world that tell whether there is a way to it."""

from picoclaw_watchdog.core.address import host_of, is_here
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request, World

LINE = "https://api.line.me/"
# A public resolver by number: it is there whether or not names can be resolved.
BY_NUMBER = ("8.8.8.8", "2001:4860:4860::8888")
RESOLVER = "https://dns.google/"

# However it ended: somebody out there was reached, if only to refuse.
_REACHED = (
    HttpFate.ANSWERED,
    HttpFate.REFUSED,
    HttpFate.CLOSED,
    HttpFate.NOT_HTTP,
    HttpFate.TLS_FAILED,
    HttpFate.CERTIFICATE_REFUSED,
    HttpFate.NO_CERTIFICATES,
)


def line_url(settings: Settings) -> str:
    """Where messages go, without the path: nothing is asked of LINE there."""
    scheme, mark, rest = settings.line_push_endpoint.partition("://")
    if not mark or not host_of(settings.line_push_endpoint):
        return LINE
    return f"{scheme}://{rest.partition('/')[0].rpartition('@')[2]}/"


def line_is_here(settings: Settings) -> bool:
    """Whether a stand-in for LINE on this host takes the messages: they need no way out."""
    return is_here(host_of(line_url(settings)))


def is_reached(answer: Answer) -> bool:
    """Whether somebody was there."""
    return answer.fate in _REACHED


def by_number(world: World, deadline: float) -> Answer:
    """A public resolver, asked by its number: the first family that gets anywhere."""
    answer = Answer(HttpFate.NO_ROUTE)
    for address in BY_NUMBER:
        answer = world.network.ask(Request(RESOLVER, connect_to=address), deadline)
        if answer.fate is not HttpFate.NO_ROUTE:
            break
    return answer
