"""The family's table: what can be looked at, by which file, and when.

`unit`, `funnel`, `webhook` (public) and `node` also hand on what they learned, so the engine
calls them itself; all others are a line here. A new probe is its file and one line.
"""

from collections.abc import Callable, Mapping

from picoclaw_watchdog.core.foreign import said
from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Probe
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import World
from picoclaw_watchdog.probes import health, listen, ollama, ready, webhook


class Plain(NamedTuple):
    """A probe that needs nothing from another one."""

    look: Callable[[Settings, World, float], Observation]
    is_on: Callable[[Settings], bool] = lambda _: True
    is_far: bool = False  # the external deadline applies


def fit(seen: Observation, secrets: tuple[str, ...]) -> Observation:
    """A look whose detail can be kept and shown: masked while it is whole, then cut."""
    return seen._replace(detail=said(seen.detail, secrets))


def _host(settings: Settings, world: World, deadline: float) -> Observation:
    from picoclaw_watchdog.probes import host

    return host.look(settings, world, deadline)


def _route(settings: Settings, world: World, deadline: float) -> Observation:
    from picoclaw_watchdog.probes import route

    return route.look(settings, world, deadline)


def _signature(settings: Settings, world: World, deadline: float) -> Observation:
    from picoclaw_watchdog.probes import signature

    return signature.look(settings, world, deadline)


def _line_test(settings: Settings, world: World, deadline: float) -> Observation:
    from picoclaw_watchdog.probes import line_test

    return line_test.look(settings, world, deadline)


def _public_dns(settings: Settings, world: World, deadline: float) -> Observation:
    from picoclaw_watchdog.probes import public_dns

    return public_dns.look(settings, world, deadline, settings.webhook_url)


def _models(settings: Settings, world: World, deadline: float) -> Observation:
    from picoclaw_watchdog.probes import models

    return models.look(settings, world, deadline)


def _generation(settings: Settings, world: World, deadline: float) -> Observation:
    from picoclaw_watchdog.probes import generation

    return generation.look(settings, world, deadline)


PROBES: Mapping[Probe, Plain] = {
    Probe.LISTEN: Plain(listen.look),
    Probe.HEALTH: Plain(health.look, lambda s: bool(s.health_url)),
    Probe.READY: Plain(ready.look, lambda s: bool(s.ready_url)),
    Probe.WEBHOOK_LOCAL: Plain(webhook.look_local),
    Probe.OLLAMA: Plain(ollama.look, lambda s: bool(s.ollama_models_url)),
    # Asked only in doubt, and imported only then.
    Probe.ROUTE: Plain(_route, is_far=True),
    Probe.HOST: Plain(_host, is_far=True),
    # Deeper looks, off unless the owner asks for them; imported only then.
    Probe.SIGNATURE: Plain(_signature, lambda s: s.probe_webhook_signature),
    Probe.LINE_TEST: Plain(_line_test, lambda s: s.probe_line_webhook_test, is_far=True),
    Probe.PUBLIC_DNS: Plain(_public_dns, lambda s: s.probe_public_dns, is_far=True),
    Probe.MODELS: Plain(_models, lambda s: bool(s.ollama_required_models)),
    Probe.GENERATION: Plain(_generation, lambda s: s.probe_ollama_generation, is_far=True),
}
