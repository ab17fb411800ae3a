"""What is wrong with the gateway, and with its Ollama."""

from picoclaw_watchdog.core.model import Observation, PidFile
from picoclaw_watchdog.core.reasons import Probe, Sight, Verdict
from picoclaw_watchdog.host.listeners import Listener
from picoclaw_watchdog.settings.picoclaw import Picoclaw
from tests.unit.doctor_faults.planting import (
    STRANGER,
    B,
    Fault,
    U,
    W,
    all_of,
    env,
    has,
    saw,
    snapshot,
    unit,
)
from tests.unit.doctoring import GATEWAY, NOW

FAULTS = (
    # gateway
    Fault(
        "no such unit",
        unit(GATEWAY, LoadState="not-found", ActiveState="inactive"),
        "unit",
        B,
        "list-unit-files",
    ),
    Fault(
        "a unit of the system",
        has(gateway_is_the_systems=True),
        "unit",
        W,
        "sudo systemctl status picoclaw-gateway.service",
    ),
    Fault("masked", unit(GATEWAY, LoadState="masked", ActiveState="inactive"), "unit", B, "unmask"),
    Fault(
        "bad unit file",
        unit(GATEWAY, LoadState="bad-setting", ActiveState="inactive"),
        "unit",
        B,
        "verify",
    ),
    Fault(
        "start limit",
        unit(GATEWAY, ActiveState="failed", Result="start-limit-hit"),
        "unit",
        B,
        "reset-failed",
    ),
    Fault("failed", unit(GATEWAY, ActiveState="failed", Result="signal"), "unit", B, "journalctl"),
    Fault("stopped", unit(GATEWAY, ActiveState="inactive"), "unit", B, "systemctl --user start"),
    Fault(
        "stopped on purpose",
        all_of(
            unit(GATEWAY, ActiveState="inactive"),
            snapshot(stopped={"until": NOW + 60, "who": "me", "why": ""}),
        ),
        "unit",
        W,
        "start-gateway",
    ),
    Fault("starting", unit(GATEWAY, ActiveState="activating"), "unit", U, ""),
    Fault(
        "not at boot", unit(GATEWAY, UnitFileState="disabled"), "boot", W, "systemctl --user enable"
    ),
    Fault("health", saw(Probe.HEALTH, Sight.NO_ANSWER), "health", B, "restart"),
    Fault("ready", saw(Probe.READY, Sight.READY_FAILING, "db: gone"), "ready", B, "journalctl"),
    Fault("ready blames Ollama", saw(Probe.READY, Sight.READY_OLLAMA), "ready", W, "why"),
    Fault("webhook", saw(Probe.WEBHOOK_LOCAL, Sight.REFUSED), "webhook", B, "restart"),
    Fault(
        "a stock release serves both on one port",
        lambda seen: seen.looks.update(
            {Probe.WEBHOOK_LOCAL: Observation(Probe.WEBHOOK_LOCAL, Verdict.GOOD, Sight.SHARED_PORT)}
        ),
        "webhook",
        W,
        "PICOCLAW_WATCHDOG_LINE_WEBHOOK_PORT=18790",
    ),
    Fault("nobody listens", has(listeners=()), "owners", B, "restart"),
    Fault(
        "another program has the port",
        lambda seen: has(listeners=(*(seen.listeners or ())[:1], STRANGER))(seen),
        "owners",
        B,
        "kill 99",
    ),
    Fault(
        "another unit has the port",
        lambda seen: has(
            listeners=(*(seen.listeners or ())[:1], STRANGER._replace(unit="other.service"))
        )(seen),
        "owners",
        B,
        "stop other.service",
    ),
    Fault(
        "another user has the port",
        lambda seen: has(listeners=(*(seen.listeners or ())[:1], Listener(18791, 0)))(seen),
        "owners",
        W,
        "sudo ss",
    ),
    Fault("ports unseen", has(listeners=None), "owners", U, ""),
    Fault(
        "other port",
        lambda seen: has(settings=seen.settings._replace(own_address="http://127.0.0.1:18800"))(
            seen
        ),
        "agreement",
        W,
        "GATEWAY_PORT=18800",
    ),
    Fault(
        "other path", has(picoclaw=Picoclaw(webhook_path="/x")), "agreement", W, "WEBHOOK_PATH=/x"
    ),
    Fault("LINE off there", has(picoclaw=Picoclaw(line_enabled=False)), "agreement", W, "enabled"),
    Fault("no config.json", has(picoclaw=None), "agreement", W, "picoclaw onboard"),
    Fault("stale pid", has(stale_pid=PidFile("/p/pid", 7, "sshd")), "pid_file", B, "mv /p/pid"),
    Fault(
        "its log folder is gone",
        unit(GATEWAY, ActiveState="failed", Result="exit-code", ExecMainStatus="209"),
        "unit",
        B,
        "mkdir -p ~/.picoclaw/logs",
    ),
    Fault(
        "its program is gone",
        unit(GATEWAY, ActiveState="failed", Result="exit-code", ExecMainStatus="203"),
        "unit",
        B,
        "systemctl --user cat",
    ),
    # Ollama
    Fault("Ollama dead", saw(Probe.OLLAMA, Sight.REFUSED), "reachable", B, "restart ollama"),
    Fault(
        "Ollama there refuses",
        all_of(
            env(
                "PICOCLAW",
                "PICOCLAW_WATCHDOG_OLLAMA_MODELS_URL=http://100.83.207.6:11434/v1/models\nPICOCLAW",
            ),
            saw(Probe.OLLAMA, Sight.REFUSED),
        ),
        "reachable",
        B,
        "OLLAMA_HOST",
        ("same_one",),
    ),
    Fault("Ollama 403", saw(Probe.OLLAMA, Sight.NEEDS_KEY, "", 403), "reachable", B, "IP address"),
    Fault("Ollama silent", saw(Probe.OLLAMA, Sight.NO_ANSWER), "reachable", B, "curl"),
    Fault(
        "no model",
        saw(Probe.MODELS, Sight.MODELS_MISSING, "chat-v1"),
        "models",
        B,
        "ollama pull chat-v1",
    ),
    Fault(
        "another Ollama",
        has(picoclaw=Picoclaw(ollama=("http://100.83.207.6:11434",))),
        "same_one",
        W,
        "OLLAMA_MODELS_URL=http://100.83.207.6:11434/v1/models",
    ),
)
