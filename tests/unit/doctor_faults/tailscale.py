"""What is wrong with Tailscale, its Funnel, and the way in from outside."""

from picoclaw_watchdog.core.reasons import Probe, Sight
from picoclaw_watchdog.doctor.seen import LATE, Public
from picoclaw_watchdog.ports import Funnel, Silence, Why
from tests.unit.doctor_faults.planting import (
    NO_SUDO,
    B,
    Fault,
    U,
    W,
    has,
    node,
    saw,
)
from tests.unit.doctoring import HOST, URL
from tests.unit.tailnet import OURS, config, from_json
from tests.unit.test_serving import FIELD_01

SESSION = {"Foreground": {"1": config(OURS)}}
PHOTOS = config({"/photos": {"Proxy": "http://127.0.0.1:2342"}}, host=HOST)
LINE = "pico ALL=(root) NOPASSWD: /usr/bin/tailscale funnel --bg 18791"

FAULTS = (
    Fault(
        "no tailscale",
        has(node=Silence("", Why.MISSING), funnel=Silence("", Why.MISSING)),
        "daemon",
        B,
        "download/linux",
    ),
    Fault(
        "tailscale hangs",
        has(node=LATE, funnel=LATE),
        "daemon",
        U,
        "restart tailscaled",
        ("funnel",),
    ),
    Fault(
        "tailscaled down",
        has(node=Silence("x", Why.DOWN), funnel=Silence("x", Why.DOWN)),
        "daemon",
        B,
        "start tailscaled",
        ("funnel",),
    ),
    Fault(
        "may not ask",
        has(node=Silence("x", Why.DENIED), funnel=Silence("x", Why.DENIED)),
        "daemon",
        U,
        "tailscaled.sock",
        ("funnel",),
    ),
    Fault("logged out", node(state="NeedsLogin"), "daemon", B, "sudo tailscale up"),
    Fault("key expired", node(expired=True), "daemon", B, "--force-reauth"),
    Fault("not approved", node(state="NeedsMachineAuth"), "daemon", B, "admin/machines"),
    Fault("stopped ", node(state="Stopped"), "daemon", B, "sudo tailscale up"),
    Fault("tailscale starts", node(state="Starting"), "daemon", U, ""),
    Fault("offline", node(online=False), "daemon", W, "netcheck"),
    Fault("old tailscale", node(version="1.50.1-t12"), "tailscale_version", B, "upgrade tailscale"),
    Fault(
        "suspect tailscale", node(version="1.102.1"), "tailscale_version", W, "upgrade tailscale"
    ),
    Fault("suspect too", node(version="1.102.0-t1"), "tailscale_version", W, "upgrade tailscale"),
    Fault(
        "key expires soon",
        node(key_expiry="2026-09-25T00:00:00Z"),
        "key_expiry",
        W,
        "--force-reauth",
    ),
    Fault("expiry unread", node(key_expiry="soon"), "key_expiry", U, ""),
    Fault("no Funnel capability", node(can_funnel=False), "capability", B, "no-funnel"),
    Fault("no HTTPS capability", node(can_https=False), "capability", B, "s/https"),
    Fault("capability unsaid", node(can_funnel=None), "capability", U, ""),
    Fault(
        "Tailscale complains",
        node(health=("not in map poll",)),
        "complaints",
        W,
        "tailscale status",
    ),
    Fault("Funnel off", has(funnel=Funnel()), "funnel", B, "tailscale funnel --bg 18791"),
    Fault("Funnel elsewhere", has(funnel=from_json(PHOTOS)), "funnel", B, "--bg 18791"),
    Fault("Funnel blocked", has(funnel=from_json(FIELD_01)), "funnel", B, "another port first"),
    Fault(
        "foreground",
        has(funnel=from_json(SESSION)),
        "funnel",
        W,
        "--bg",
    ),
    Fault("renamed", has(funnel=from_json(config(OURS, host="old.ts.net"))), "funnel", B, "--bg"),
    Fault(
        "no right to restore, and one line allows it",
        has(rights=NO_SUDO._replace(line=LINE)),
        "rights",
        B,
        "NOPASSWD: /usr/bin/tailscale funnel --bg 18791'",
        ("hardening",),
    ),
    Fault(
        "no right to restore, and no line could allow just that",
        has(rights=NO_SUDO),
        "rights",
        B,
        "sudo tailscale set --operator=pico",
        ("hardening",),
    ),
    Fault(
        "MagicDNS", has(public=Public(URL, ("100.101.102.103",))), "public", W, "LINE_WEBHOOK_TEST"
    ),
    Fault("MagicDNS 6", has(public=Public(URL, ("fd7a:115c:a1e0::1",))), "public", W, "PUBLIC_DNS"),
    Fault("no such name", has(public=Public(URL)), "public", B, "funnel status"),
    Fault(
        "public dead",
        saw(Probe.WEBHOOK_PUBLIC, Sight.TLS_FAILED),
        "public",
        B,
        "restart tailscaled",
    ),
    Fault("502", saw(Probe.WEBHOOK_PUBLIC, Sight.WRONG_STATUS, "502", 502), "public", B, "restart"),
    Fault("404", saw(Probe.WEBHOOK_PUBLIC, Sight.NOT_FOUND, "404", 404), "public", B, "status"),
    Fault("500", saw(Probe.WEBHOOK_PUBLIC, Sight.WRONG_STATUS, "500"), "public", B, "-test"),
)
