"""What must hold for whatever the gateway, Ollama and a public resolver answer.

The first byte chooses who answers, the second the status, the others are bodies, parted by zero
bytes. `{S}` in them stands for a secret in an address.
"""

import ipaddress
import json
import re
from collections.abc import Callable, Iterator

from picoclaw_watchdog.core.model import Observation
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.ports import Answer, HttpFate, Request
from picoclaw_watchdog.probes import fit, generation, models, public_dns, ready
from tests.fuzz.loaded import SECRET
from tests.unit.probing import FakeNetwork, world

READY, MODELS, GENERATION, DNS, FATES = map(bytes, zip(range(5), strict=True))
STATUSES = (200, 503, 400, 404, 405, 500, 101, 599)
FATE = tuple(HttpFate)
URL = "https://box.tail1234.ts.net/webhook/line"
REQUIRED = ("chat-v1:latest", "worker", "reg.example:5000/embed")
SETTINGS = Settings(webhook_url=URL, ollama_required_models=REQUIRED)
MOST_IN_A_DETAIL = 300  # characters
TAILNET = [ipaddress.ip_network(each) for each in ("100.64.0.0/10", "fd7a:115c:a1e0::/48")]
RESOLVER_SAYS = (0, 3)  # NOERROR, NXDOMAIN: what is an answer at all

OWN = ("agent", "database", "db", "disk", "mcp", "other", "x")  # no names of a dependency
_PASSWORD = re.compile(rf"//[^/\s]*{SECRET}[^/\s]*@")


def check(data: bytes) -> None:
    """One run of the fuzzer."""
    if len(data) > 1:
        kinds = (_ready, _models, _generation, _public_dns, _fates)
        kinds[data[0] % len(kinds)](data[1], data[2:].replace(b"{S}", SECRET.encode()))


def _ready(chosen: int, body: bytes) -> None:
    status = STATUSES[chosen % len(STATUSES)]
    seen = _looked(ready.look, lambda _: _answer(status, body))
    said = _object(body)
    if status != 503:
        assert status == 200 or seen.verdict is Verdict.BAD
        return
    if seen.verdict is Verdict.GOOD:
        assert seen.sight is Sight.READY_STOCK
        assert not said.get("checks") or not isinstance(said["checks"], dict | list)
        return
    checks = said.get("checks")
    if "status" not in said or not isinstance(checks, dict) or not checks:
        return
    failing = [
        name
        for name, each in checks.items()
        if not (isinstance(each, dict) and each.get("status") == "ok")
    ]
    if failing and all(name.startswith("ollama") for name in failing):
        assert seen.sight in (Sight.READY_OLLAMA, Sight.READY_FAILING)
    if any(name in OWN and not isinstance(checks[name], bool | str | dict) for name in failing):
        assert seen.sight is Sight.READY_FAILING, "a part of its own that nobody says passes"
    if any(name in OWN and _fails(checks[name]) for name in failing):
        assert seen.sight is Sight.READY_FAILING, "a part of its own"


def _fails(check: object) -> bool:
    return isinstance(check, dict) and check.get("status") == "fail"


def _models(chosen: int, body: bytes) -> None:
    status = STATUSES[chosen % len(STATUSES)]
    seen = _looked(models.look, lambda _: _answer(status, body))
    said = _object(body)
    listed = said["data"] if "data" in said else said.get("models", 7)
    if status != 200 or not isinstance(listed, list | None):
        assert seen.verdict is Verdict.UNKNOWN, "nobody said which models there are"
        return
    if "data" in said:
        return
    missing = [name for name in REQUIRED if _tagged(name) not in set(map(_tagged, _names(said)))]
    assert missing or seen.verdict is Verdict.GOOD


def _generation(chosen: int, body: bytes) -> None:
    """What is loaded, and what a generation answered."""
    status = STATUSES[chosen % len(STATUSES)]
    loaded, _, generated = body.partition(b"\0")
    asked: list[Request] = []

    def answer(request: Request) -> Answer:
        asked.append(request)
        return _answer(200, loaded) if len(asked) == 1 else _answer(status, generated)

    seen = _looked(generation.look, answer)
    names = _names(_object(loaded))
    if len(asked) < 2:
        assert not names
        assert seen.verdict is Verdict.UNKNOWN, "nothing is loaded for a look alone"
        return
    wish = json.loads(asked[1].body)
    assert wish["model"] in names, "only what is loaded already"
    assert wish["options"] == {"num_predict": 1}
    wanted = [name for name in names if name in set(map(_tagged, REQUIRED))]
    assert not wanted or wish["model"] in wanted
    said = _object(generated)
    count = said.get("eval_count")
    done = said.get("done") is True and isinstance(count, int) and count >= 1
    assert (seen.verdict is Verdict.GOOD) == (status == 200 and done)
    assert (seen.verdict is Verdict.UNKNOWN) == (status in {400, 404, 503})


def _public_dns(chosen: int, body: bytes) -> None:
    """The answers for A and AAAA, and the status of the webhook at the addresses in them."""
    status = STATUSES[chosen % len(STATUSES)]
    bodies = body.split(b"\0", 1) if b"\0" in body else [body, body]
    reached: list[str] = []

    def answer(request: Request) -> Answer:
        if not request.connect_to:
            return _answer(200, bodies[request.url.endswith("AAAA")])
        reached.append(request.connect_to)
        assert request.url == URL
        return _answer(status)

    seen = _looked(public_dns.look, answer)
    for each in map(ipaddress.ip_address, reached):
        plain = getattr(each, "ipv4_mapped", None) or each
        assert not any(plain in network for network in TAILNET)
    assert len(reached) <= 2
    if reached:
        assert (seen.verdict is Verdict.GOOD) == (status == 405)
    elif seen.verdict is not Verdict.UNKNOWN:
        assert (seen.verdict, seen.sight) == (Verdict.BAD, Sight.NAME_UNKNOWN)
        assert all(_has_no_address(each) for each in bodies), "the world does not know the name"


def _has_no_address(body: bytes) -> bool:
    """Whether a resolver's answer says that there is none, not merely something else."""
    said = _object(body)
    records = said.get("Answer")
    found = [
        each
        for each in (records if isinstance(records, list) else [])
        if isinstance(each, dict) and each.get("type") in {1, 28}
    ]
    return said.get("Status") in RESOLVER_SAYS and not found


def _fates(chosen: int, body: bytes) -> None:
    """No answer: who was not reached is not blamed."""
    fate = FATE[chosen % len(FATE)]
    if fate is HttpFate.ANSWERED:
        return
    detail = body.decode("utf-8", "replace").replace(SECRET, f"http://me:{SECRET}@h")
    for probe in (ready.look, models.look, generation.look, public_dns.look):
        seen = _looked(probe, lambda _: Answer(fate, detail=detail, sent=True))
        assert seen.verdict is not Verdict.GOOD
        if fate in {HttpFate.NAME_UNKNOWN, HttpFate.NO_ROUTE} or probe is not ready.look:
            assert seen.verdict is Verdict.UNKNOWN


def _looked(probe: Callable[..., Observation], answer: Callable[[Request], Answer]) -> Observation:
    seen = fit(probe(SETTINGS, world(FakeNetwork(answer)), 5.0), ())
    assert isinstance(seen.probe, Probe)
    assert len(seen.detail) <= MOST_IN_A_DETAIL
    assert "\n" not in seen.detail
    assert not _PASSWORD.search(seen.detail)
    return seen


def _answer(status: int, body: bytes = b"") -> Answer:
    return Answer(HttpFate.ANSWERED, status, body=body, sent=True)


def _object(body: bytes) -> dict[str, object]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _names(said: dict[str, object]) -> list[str]:
    found = said.get("models")
    known = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return [str(each["name"]) for each in known if each.get("name")]


def _tagged(name: str) -> str:
    return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"


def seeds() -> Iterator[tuple[str, bytes]]:
    """One input for each way through the code."""

    def ready_says(**checks: object) -> bytes:
        return json.dumps({"status": "not ready", "uptime": "1s", "checks": checks}).encode()

    def dns(*records: tuple[int, object], status: object = 0) -> bytes:
        answers = [{"name": "box.", "type": kind, "data": data} for kind, data in records]
        return json.dumps({"Status": status, "Answer": answers}).encode()

    ok, fail = {"status": "ok"}, {"status": "fail", "message": "http://me:{S}@h refused\n"}
    yield "ready", READY + b"\0{}"
    yield "ready-stock", READY + b'\1{"status": "not ready", "uptime": "1s"}'
    yield "ready-ollama", READY + b"\1" + ready_says(ollama=fail, ollama_models=fail, disk=ok)
    yield "ready-both", READY + b"\1" + ready_says(ollama=fail, disk=fail)
    yield "ready-all-pass", READY + b"\1" + ready_says(disk=ok)
    yield "ready-strange", READY + b"\1" + ready_says(ollama=7, x=None, y=[])
    yield "ready-not-json", READY + b"\1<html>"
    yield "ready-404", READY + b"\3"
    there = [{"name": "chat-v1:latest"}, {"name": "worker:latest"}]
    full = [*there, {"name": "reg.example:5000/embed"}, {"name": None}, 7]
    for name, known in (("all", full), ("some", there), ("none", []), ("strange", {"a": 1})):
        yield f"models-{name}", MODELS + b"\0" + json.dumps({"models": known}).encode()
    yield "models-null", MODELS + b'\0{"models": null}'
    loaded = json.dumps({"models": [{"name": "big"}, {"name": "worker:latest"}]}).encode()
    yield "generation", GENERATION + b"\0" + loaded + b'\0{"done": true, "eval_count": 1}'
    yield "generation-nothing", GENERATION + b"\0" + loaded + b'\0{"done": true, "eval_count": 0}'
    yield "generation-busy", GENERATION + b"\1" + loaded + b'\0{"error": "{S}"}'
    yield "generation-500", GENERATION + b"\5" + loaded + b'\0{"error": "CUDA\\nout of memory"}'
    yield "generation-none-loaded", GENERATION + b'\0{"models": []}\0'
    address = (1, "203.0.113.9")
    yield "dns", DNS + b"\4" + dns((5, "alias."), address)
    yield "dns-wrong-status", DNS + b"\0" + dns(address)
    yield "dns-six", DNS + b"\4" + dns() + b"\0" + dns((28, "2001:db8::1"))
    yield "dns-none", DNS + b"\4" + dns(status=3)
    yield "dns-failed", DNS + b"\4" + dns(status=2)
    yield "dns-tailnet", DNS + b"\4" + dns((1, "100.100.1.2"))
    yield "dns-tailnet-mapped", DNS + b"\4" + dns() + b"\0" + dns((28, "::ffff:100.100.1.2"))
    yield "dns-garbage", DNS + b"\4" + dns((1, "no address"), (1, None), (1, "::1"))
    yield "dns-scoped", DNS + b"\4" + dns() + b"\0" + dns((28, "fe80::1%eth0"))
    yield "dns-false", DNS + b"\4" + dns(status=False)
    for number, fate in enumerate(FATE):
        yield f"fate-{fate.value}", FATES + bytes((number,)) + b"{S} no\nroute"
