"""English: the reasons. A new reason does not pass mypy until it has its words here."""
# The long matches are tables: one line for each reason.
# ruff: noqa: C901, PLR0912, PLR0915

from typing import assert_never

from picoclaw_watchdog.core.reasons import (
    Action,
    Cause,
    Hold,
    Sight,
    Target,
    Topic,
)


def target(target: Target) -> str:
    """What an incident is about."""
    match target:
        case Target.GATEWAY:
            return "gateway"
        case Target.FUNNEL:
            return "Funnel"
        case Target.OLLAMA:
            return "Ollama"
        case Target.NETWORK:
            return "network"
        case Target.SYSTEMD:
            return "systemd"
        case _:
            assert_never(target)


def action(action: Action) -> str:
    """What is done."""
    match action:
        case Action.RESTART_GATEWAY:
            return "restart of the gateway"
        case Action.RECOVER_FUNNEL:
            return "recovery of the Funnel"
        case _:
            assert_never(action)


def cause(cause: Cause) -> str:
    """What is wrong, as a clause in the present."""
    now, _ = cause_tenses(cause)
    return now


def cause_tenses(cause: Cause) -> tuple[str, str]:
    """What is wrong, in the present and in the past."""
    match cause:
        case Cause.GATEWAY_DOWN:
            return "the gateway is down", "the gateway was down"
        case Cause.GATEWAY_STOPPED:
            return (
                "the gateway does not run again after it was stopped on purpose",
                "the gateway had been stopped on purpose",
            )
        case Cause.GATEWAY_START_LIMIT:
            return (
                "systemd has given up starting the gateway",
                "systemd had given up starting the gateway",
            )
        case Cause.GATEWAY_STALE_PID:
            return (
                "a stale pid file keeps the gateway from starting",
                "a stale pid file kept the gateway from starting",
            )
        case Cause.GATEWAY_MASKED:
            return "the gateway's unit is masked", "the gateway's unit was masked"
        case Cause.GATEWAY_NOT_FOUND:
            return "the gateway's unit does not exist", "the gateway's unit did not exist"
        case Cause.GATEWAY_ELSEWHERE:
            return (
                "the gateway runs, but not as its systemd unit",
                "the gateway did not run as its systemd unit",
            )
        case Cause.GATEWAY_STARTING:
            return "the gateway is starting", "the gateway was starting"
        case Cause.GATEWAY_CRASH_LOOP:
            return "the gateway crashes at every start", "the gateway crashed at every start"
        case Cause.GATEWAY_HUNG:
            return "the gateway hangs", "the gateway hung"
        case Cause.GATEWAY_PORT_LOST:
            return (
                "the gateway runs, but does not listen",
                "the gateway ran, but did not listen",
            )
        case Cause.GATEWAY_PORT_TAKEN:
            return (
                "another program has taken the gateway's port",
                "another program had taken the gateway's port",
            )
        case Cause.GATEWAY_UNHEALTHY:
            return "the gateway reports itself ill", "the gateway reported itself ill"
        case Cause.GATEWAY_WEBHOOK_DEAD:
            return "the gateway's webhook is dead", "the gateway's webhook was dead"
        case Cause.WEBHOOK_SIGNATURE_REFUSED:
            return (
                "the gateway refuses correctly signed LINE messages",
                "the gateway refused correctly signed LINE messages",
            )
        case Cause.FUNNEL_OFF:
            return "the Funnel is off", "the Funnel was off"
        case Cause.FUNNEL_UNREACHABLE:
            return (
                "the Funnel is on, but the public address does not answer",
                "the public address did not answer",
            )
        case Cause.FUNNEL_NOT_ALLOWED:
            return (
                "Tailscale does not allow this host a Funnel",
                "Tailscale did not allow this host a Funnel",
            )
        case Cause.PUBLIC_NAME_UNKNOWN:
            return "the public name cannot be resolved", "the public name could not be resolved"
        case Cause.LINE_WEBHOOK_OFF:
            return "the webhook is switched off at LINE", "the webhook was switched off at LINE"
        case Cause.TAILSCALE_LOGGED_OUT:
            return "Tailscale is logged out", "Tailscale was logged out"
        case Cause.TAILSCALE_KEY_EXPIRED:
            return "the Tailscale key has expired", "the Tailscale key had expired"
        case Cause.TAILSCALE_NOT_APPROVED:
            return (
                "this host is not approved in the tailnet",
                "this host was not approved in the tailnet",
            )
        case Cause.TAILSCALE_STOPPED:
            return "Tailscale is stopped", "Tailscale was stopped"
        case Cause.TAILSCALE_DOWN:
            return "tailscaled does not run", "tailscaled did not run"
        case Cause.NETWORK_DOWN:
            return "the network is down", "the network was down"
        case Cause.OLLAMA_DOWN:
            return "Ollama does not answer", "Ollama did not answer"
        case Cause.OLLAMA_NOT_READY:
            return (
                "the gateway says that Ollama is not ready",
                "the gateway said that Ollama was not ready",
            )
        case Cause.OLLAMA_MODELS_MISSING:
            return "Ollama lacks a required model", "Ollama lacked a required model"
        case Cause.OLLAMA_STUCK:
            return "Ollama answers, but generates nothing", "Ollama generated nothing"
        case Cause.BUS_SILENT:
            return "systemd does not answer", "systemd did not answer"
        case _:
            assert_never(cause)


def hold(hold: Hold) -> str:
    """Why nothing is done."""
    match hold:
        case Hold.PAUSED:
            return "the watchdog is paused"
        case Hold.STOPPED:
            return "the gateway was stopped on purpose"
        case Hold.UNKNOWN:
            return "it could not be looked at, and what is unknown is not touched"
        case Hold.FOLLOWS_ANOTHER:
            return "it follows from another fault"
        case Hold.BACKOFF:
            return "the last attempt was a moment ago"
        case Hold.STARTING:
            return "it is still starting"
        case Hold.SETTLING:
            return "the host has just started or woken up"
        case Hold.UNCONFIRMED:
            return "a second look has to confirm it first"
        case Hold.BUDGET_SPENT:
            return "the attempts allowed in this time are used up"
        case Hold.SUPPRESSED:
            return "a restart of the gateway has not helped before"
        case Hold.CANNOT_HELP:
            return "nothing that can be run here mends it"
        case Hold.ALREADY_RESTARTED:
            return "it was restarted in this very cycle"
        case Hold.NOT_RECORDABLE:
            return "the attempt cannot be written down, so it is not made"
        case _:
            assert_never(hold)


def sight(sight: Sight) -> str:
    """What a look found."""
    match sight:
        case Sight.AS_EXPECTED:
            return "as it should be"
        case Sight.UNIT_INACTIVE:
            return "the unit is stopped"
        case Sight.UNIT_FAILED:
            return "the unit has failed"
        case Sight.UNIT_CHANGING:
            return "the unit is starting or stopping"
        case Sight.UNIT_AUTO_RESTART:
            return "systemd is about to restart the unit"
        case Sight.UNIT_START_LIMIT:
            return "systemd has given up starting the unit"
        case Sight.UNIT_MASKED:
            return "the unit is masked"
        case Sight.UNIT_NOT_FOUND:
            return "there is no such unit"
        case Sight.BUS_SILENT:
            return "systemd does not answer"
        case Sight.PORT_CLOSED:
            return "nobody listens"
        case Sight.PORT_TAKEN:
            return "another program listens"
        case Sight.REFUSED:
            return "the connection is refused"
        case Sight.NO_ANSWER:
            return "no answer in time"
        case Sight.WRONG_STATUS:
            return "an answer with the wrong status"
        case Sight.NOT_HTTP:
            return "an answer that is not HTTP"
        case Sight.NAME_UNKNOWN:
            return "the name cannot be resolved"
        case Sight.NO_ROUTE:
            return "no way there"
        case Sight.TLS_FAILED:
            return "no TLS connection"
        case Sight.READY_OLLAMA:
            return "not ready, only because of Ollama"
        case Sight.READY_STOCK:
            return "not ready, as this PicoClaw release always says"
        case Sight.READY_FAILING:
            return "not ready"
        case Sight.SHARED_PORT:
            return "served on the gateway's own port"
        case Sight.FUNNEL_OFF:
            return "the Funnel is off"
        case Sight.FUNNEL_ELSEWHERE:
            return "the Funnel is on, but not for our webhook"
        case Sight.TAILSCALE_MISSING:
            return "Tailscale is not installed"
        case Sight.TAILSCALE_SILENT:
            return "Tailscale does not answer"
        case Sight.TAILSCALED_DOWN:
            return "tailscaled does not run"
        case Sight.TAILSCALE_STOPPED:
            return "Tailscale is stopped"
        case Sight.TAILSCALE_STARTING:
            return "Tailscale is starting"
        case Sight.LOGGED_OUT:
            return "Tailscale is logged out"
        case Sight.KEY_EXPIRED:
            return "the Tailscale key has expired"
        case Sight.NOT_APPROVED:
            return "the host is not approved in the tailnet"
        case Sight.NOT_ALLOWED:
            return "the Funnel is not allowed to this host"
        case Sight.SIGNATURE_REFUSED:
            return "a correct signature is refused"
        case Sight.WEBHOOK_SWITCHED_OFF:
            return "the webhook is switched off at LINE"
        case Sight.LINE_CANNOT_REACH:
            return "LINE cannot reach the webhook"
        case Sight.MODELS_MISSING:
            return "a required model is missing"
        case Sight.GENERATION_STUCK:
            return "it answers, but generates nothing"
        case Sight.NOT_DUE:
            return "not due yet"
        case Sight.NO_ADDRESS:
            return "no address is known to ask"
        case Sight.PROBE_BROKEN:
            return "the watchdog's own error"
        case _:
            assert_never(sight)


def topic(topic: Topic) -> str:
    """What kind of message it is."""
    match topic:
        case Topic.MENDED:
            return "a fault was mended"
        case Topic.RESTART_FAILED:
            return "the restart did not help"
        case Topic.BUDGET_SPENT:
            return "the attempts are used up for now"
        case Topic.HEALTH_FAILING:
            return "the health checks keep failing"
        case Topic.OWNER_MUST_ACT:
            return "you are needed"
        case Topic.FUNNEL_FAILED:
            return "the Funnel could not be mended"
        case Topic.OLLAMA_FAILING:
            return "Ollama keeps failing"
        case Topic.NETWORK_AWAY:
            return "the way to the internet is gone"
        case Topic.BUS_SILENT:
            return "the gateway cannot be watched"
        case Topic.KICK_REFUSED:
            return "a recovery request was refused"
        case Topic.KICK_DONE:
            return "done as asked"
        case Topic.KICK_WITHHELD:
            return "asked for, and withheld"
        case Topic.KICK_FAILED:
            return "asked for, and failed"
        case Topic.SETTINGS_BROKEN:
            return "the watchdog's settings have a mistake"
        case Topic.STILL_PAUSED:
            return "the watchdog is still paused"
        case Topic.STILL_STOPPED:
            return "the gateway is still stopped"
        case Topic.ALL_CLEAR:
            return "all is well again"
        case _:
            assert_never(topic)


def remedy(cause: Cause, unit: str, models: tuple[str, ...]) -> list[str]:
    """The exact things that the owner can do about it."""
    match cause:
        case Cause.GATEWAY_MASKED:
            return [f"systemctl --user unmask {unit}", f"systemctl --user start {unit}"]
        case Cause.GATEWAY_NOT_FOUND:
            return [f"install {unit}, or set PICOCLAW_WATCHDOG_GATEWAY_SERVICE to its real name"]
        case Cause.GATEWAY_ELSEWHERE:
            return [f"end the gateway that was started by hand; systemctl --user start {unit}"]
        case Cause.GATEWAY_PORT_TAKEN:
            return [f"end that program, or give it another port; systemctl --user restart {unit}"]
        case Cause.GATEWAY_START_LIMIT:
            return [f"systemctl --user reset-failed {unit}", f"systemctl --user start {unit}"]
        case Cause.GATEWAY_STALE_PID:
            return ["rm ~/.picoclaw/.picoclaw.pid", f"systemctl --user restart {unit}"]
        case (
            Cause.GATEWAY_DOWN
            | Cause.GATEWAY_STOPPED
            | Cause.GATEWAY_STARTING
            | Cause.GATEWAY_CRASH_LOOP
            | Cause.GATEWAY_HUNG
            | Cause.GATEWAY_PORT_LOST
            | Cause.GATEWAY_UNHEALTHY
        ):
            return [f"journalctl --user -u {unit} -n 50"]
        case Cause.GATEWAY_WEBHOOK_DEAD:
            return ["see that the LINE channel is enabled in ~/.picoclaw/config.json"]
        case Cause.WEBHOOK_SIGNATURE_REFUSED:
            return ["compare the channel secret in PicoClaw's settings with LINE's console"]
        case Cause.FUNNEL_OFF | Cause.FUNNEL_UNREACHABLE | Cause.PUBLIC_NAME_UNKNOWN:
            return ["tailscale funnel status"]
        case Cause.FUNNEL_NOT_ALLOWED:
            return ["allow it: https://tailscale.com/s/no-funnel"]
        case Cause.LINE_WEBHOOK_OFF:
            return ['switch "Use webhook" on: https://developers.line.biz/console/']
        case Cause.TAILSCALE_LOGGED_OUT | Cause.TAILSCALE_STOPPED:
            return ["sudo tailscale up"]
        case Cause.TAILSCALE_KEY_EXPIRED:
            return ["sudo tailscale up --force-reauth"]
        case Cause.TAILSCALE_NOT_APPROVED:
            return ["approve this host: https://login.tailscale.com/admin/machines"]
        case Cause.TAILSCALE_DOWN:
            return ["sudo systemctl start tailscaled"]
        case Cause.NETWORK_DOWN:
            return ["look at the router and the cable"]
        case Cause.OLLAMA_DOWN | Cause.OLLAMA_STUCK:
            return ["restart Ollama where it runs: sudo systemctl restart ollama"]
        case Cause.OLLAMA_NOT_READY:
            return [
                "see what is loaded where Ollama runs: ollama ps",
                "to keep models loaded, set OLLAMA_KEEP_ALIVE=-1 there",
            ]
        case Cause.OLLAMA_MODELS_MISSING:
            return [f"ollama pull {model}" for model in models] or ["ollama pull MODEL"]
        case Cause.BUS_SILENT:
            return ["log in as the gateway's user and try: systemctl --user status"]
        case _:
            assert_never(cause)
