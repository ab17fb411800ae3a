"""English: the reasons. A new reason does not pass mypy until it has its words here."""
# The long matches are tables: one line for each reason.
# ruff: noqa: C901, PLR0912, PLR0915

from typing import assert_never

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.commands import command
from picoclaw_watchdog.core.reasons import Hold, Ill, Sight, Topic
from picoclaw_watchdog.core.targets import Action, Kind, Target, Verb
from picoclaw_watchdog.core.wording import facts


def target(target: Target) -> str:
    """What an incident is about."""
    match target.kind:
        case Kind.SERVICE:
            return "gateway" if target == targets.GATEWAY else target.name
        case Kind.EXPOSURE:
            return "Funnel" if target == targets.FUNNEL else target.name
        case Kind.PEER:
            return "Ollama" if target == targets.OLLAMA else target.name
        case Kind.NETWORK:
            return "network"
        case Kind.MANAGER:
            return "systemd"
        case Kind.HOST:
            return "this host"
        case Kind.AGENT:
            return "watchdog"
        case _:
            assert_never(target.kind)


def action(action: Action) -> str:
    """What is done."""
    match action.verb:
        case Verb.RESTART:
            return f"restart of the {target(action.target)}"
        case Verb.RECOVER:
            return f"recovery of the {target(action.target)}"
        case _:
            assert_never(action.verb)


def cause(cause: Ill) -> str:
    """What is wrong, as a clause in the present."""
    now, _ = cause_tenses(cause)
    return now


def cause_tenses(cause: Ill) -> tuple[str, str]:
    """What is wrong, in the present and in the past."""
    match cause:
        case Ill.SERVICE_DOWN:
            return "the gateway is down", "the gateway was down"
        case Ill.SERVICE_STOPPED:
            return (
                "the gateway is still down after its planned stop",
                "the gateway had been stopped on purpose",
            )
        case Ill.SERVICE_START_LIMIT:
            return (
                "systemd has given up starting the gateway",
                "systemd had given up starting the gateway",
            )
        case Ill.SERVICE_STALE_PID:
            return (
                "a stale pid file keeps the gateway from starting",
                "a stale pid file kept the gateway from starting",
            )
        case Ill.SERVICE_MASKED:
            return "the gateway's unit is masked", "the gateway's unit was masked"
        case Ill.SERVICE_NOT_FOUND:
            return "the gateway's unit does not exist", "the gateway's unit did not exist"
        case Ill.SERVICE_ELSEWHERE:
            return (
                "the gateway runs, but not as its systemd unit",
                "the gateway did not run as its systemd unit",
            )
        case Ill.SERVICE_STARTING:
            return "the gateway is starting", "the gateway was starting"
        case Ill.SERVICE_CRASH_LOOP:
            return "the gateway crashes at every start", "the gateway crashed at every start"
        case Ill.SERVICE_HUNG:
            return "the gateway hangs", "the gateway hung"
        case Ill.SERVICE_PORT_LOST:
            return (
                "the gateway runs, but does not listen",
                "the gateway ran, but did not listen",
            )
        case Ill.SERVICE_PORT_TAKEN:
            return (
                "another program has taken the gateway's port",
                "another program had taken the gateway's port",
            )
        case Ill.SERVICE_UNHEALTHY:
            return "the gateway reports that it is ill", "the gateway reported that it was ill"
        case Ill.WEBHOOK_DEAD:
            return (
                "the gateway's webhook does not answer",
                "the gateway's webhook did not answer",
            )
        case Ill.WEBHOOK_SIGNATURE_REFUSED:
            return (
                "the gateway rejects correctly signed LINE messages",
                "the gateway rejected correctly signed LINE messages",
            )
        case Ill.FUNNEL_OFF:
            return "the Funnel is off", "the Funnel was off"
        case Ill.FUNNEL_UNREACHABLE:
            return (
                "the public address does not answer",
                "the public address did not answer",
            )
        case Ill.FUNNEL_NOT_ALLOWED:
            return (
                "Tailscale does not allow Funnel on this host",
                "Tailscale did not allow Funnel on this host",
            )
        case Ill.PUBLIC_NAME_UNKNOWN:
            return "the public name cannot be resolved", "the public name could not be resolved"
        case Ill.LINE_WEBHOOK_OFF:
            return "the webhook is switched off at LINE", "the webhook was switched off at LINE"
        case Ill.TAILSCALE_LOGGED_OUT:
            return "Tailscale is logged out", "Tailscale was logged out"
        case Ill.TAILSCALE_KEY_EXPIRED:
            return "the Tailscale key has expired", "the Tailscale key had expired"
        case Ill.TAILSCALE_NOT_APPROVED:
            return (
                "this host is not approved in the tailnet",
                "this host was not approved in the tailnet",
            )
        case Ill.TAILSCALE_STOPPED:
            return "Tailscale is stopped", "Tailscale was stopped"
        case Ill.TAILSCALE_DOWN:
            return "tailscaled does not run", "tailscaled did not run"
        case Ill.NETWORK_DOWN:
            return "the network is down", "the network was down"
        case Ill.PEER_DOWN:
            return "Ollama does not answer", "Ollama did not answer"
        case Ill.PEER_NOT_READY:
            return (
                "the gateway says that Ollama is not ready",
                "the gateway said that Ollama was not ready",
            )
        case Ill.PEER_MODELS_MISSING:
            return "Ollama lacks a required model", "Ollama lacked a required model"
        case Ill.PEER_STUCK:
            return "Ollama answers, but generates nothing", "Ollama generated nothing"
        case Ill.BUS_SILENT:
            return "systemd does not answer", "systemd did not answer"
        case Ill.SERVICE_CANNOT_START:
            return (
                "the gateway cannot start as it is configured",
                "the gateway could not start as it was configured",
            )
        case Ill.SERVICE_OF_THE_SYSTEM:
            return (
                "the gateway does not work, and the watchdog may not restart a system unit",
                "the gateway did not work, and the watchdog may not restart a system unit",
            )
        case Ill.SERVICE_ADDRESS_DIFFERS:
            return (
                "the watchdog and the gateway are set to different addresses",
                "the watchdog and the gateway were set to different addresses",
            )
        case Ill.SERVICE_ANSWERS_OTHERWISE:
            return (
                "the gateway's address answers, but not with a health check",
                "the gateway's address answered, but not with a health check",
            )
        case Ill.PUBLIC_ANSWERS_OTHERWISE:
            return (
                "the public address answers, but not with the webhook",
                "the public address answered, but not with the webhook",
            )
        case Ill.PUBLIC_CERTIFICATE:
            return (
                "the certificate of the public address is rejected",
                "the certificate of the public address was rejected",
            )
        case Ill.PEER_LOADING:
            return (
                "Ollama is still loading a model",
                "Ollama was still loading a model",
            )
        case Ill.PEER_NEEDS_KEY:
            return (
                "Ollama's address asks for a key",
                "Ollama's address asked for a key",
            )
        case Ill.PEER_MOVED:
            return (
                "Ollama's address redirects elsewhere",
                "Ollama's address redirected elsewhere",
            )
        case Ill.PEER_NOT_FOUND:
            return (
                "Ollama's address has no list of models",
                "Ollama's address had no list of models",
            )
        case Ill.PEER_TOO_MANY:
            return (
                "Ollama answers that there are too many requests",
                "Ollama answered that there were too many requests",
            )
        case Ill.PEER_SAYS_ERROR:
            return (
                "Ollama answers with an error",
                "Ollama answered with an error",
            )
        case Ill.PEER_ANOTHER_PROGRAM:
            return (
                "another program answers at Ollama's address",
                "another program answered at Ollama's address",
            )
        case Ill.HOST_CLOCK_WRONG:
            return (
                "this host's clock is wrong",
                "this host's clock was wrong",
            )
        case Ill.HOST_NO_CERTIFICATES:
            return (
                "this host cannot verify certificates",
                "this host could not verify certificates",
            )
        case Ill.HOST_NO_RESOLVER:
            return (
                "this host cannot resolve names",
                "this host could not resolve names",
            )
        case Ill.HOST_PROXY_NEEDED:
            return (
                "this host reaches the internet only through a proxy",
                "this host reached the internet only through a proxy",
            )
        case Ill.HOST_OUT_OF_PROCESSES:
            return (
                "a limit of this host keeps the watchdog from starting programs",
                "a limit of this host kept the watchdog from starting programs",
            )
        case Ill.WATCHDOG_BLIND:
            return (
                "the watchdog cannot see whether all is well",
                "the watchdog could not see whether all was well",
            )
        case Ill.SERVICE_START_OVERDUE:
            return (
                "the gateway has been starting for too long",
                "the gateway had been starting for too long",
            )
        case Ill.PEER_NOT_REACHED:
            return (
                "this host does not accept Ollama's name or certificate",
                "this host did not accept Ollama's name or certificate",
            )
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
            return "it could not be checked, and what is unknown is not touched"
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
            return "nothing that the watchdog can run would help"
        case Hold.ALREADY_RESTARTED:
            return "it was already restarted in this cycle"
        case Hold.NOT_RECORDABLE:
            return "the attempt cannot be written down, so it is not made"
        case Hold.NEVER_GOOD:
            return "it was never seen working here, so there is nothing to restore"
        case Hold.IN_THE_WAY:
            return "entries that are not ours would change"
        case Hold.KEPT_FOR_FAULTS:
            return "the last attempt is reserved for faults"
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
            return "nothing is listening"
        case Sight.PORT_TAKEN:
            return "another program is listening"
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
            return "no route to it"
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
            return "Funnel is not allowed on this host"
        case Sight.SIGNATURE_REFUSED:
            return "a correct signature is rejected"
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
            return "no address is known to check"
        case Sight.PROBE_BROKEN:
            return "the watchdog's own error"
        case Sight.UNIT_CANNOT_START:
            return "systemd cannot start the unit as it is set up"
        case Sight.UNIT_WAITS_FOR_READY:
            return "it runs, and systemd still waits for READY"
        case Sight.UNIT_OF_THE_SYSTEM:
            return "it is a system unit"
        case Sight.NEEDS_KEY:
            return "it asks for a key"
        case Sight.MOVED:
            return "it redirects elsewhere"
        case Sight.NOT_FOUND:
            return "nothing is found at this address"
        case Sight.TOO_MANY:
            return "too many requests"
        case Sight.LOADING:
            return "it is loading"
        case Sight.SAYS_ERROR:
            return "it answers with an error"
        case Sight.ANOTHER_PROGRAM:
            return "another program answers"
        case Sight.CERTIFICATE_REFUSED:
            return "its certificate is rejected"
        case Sight.NO_CERTIFICATES:
            return "this host has no certificates to verify with"
        case Sight.READY_STARTING:
            return "not ready, it is still starting"
        case Sight.TAILSCALE_DENIED:
            return "this user may not query Tailscale"
        case Sight.CLOCK_WRONG:
            return "this host's clock is wrong"
        case Sight.NO_RESOLVER:
            return "this host cannot resolve names"
        case Sight.PROXY_NEEDED:
            return "only a proxy reaches the internet"
        case Sight.OUT_OF_PROCESSES:
            return "no more programs can be started"
        case Sight.NODE_OFFLINE:
            return "not connected to Tailscale's control server"
        case _:
            assert_never(sight)


def topic(topic: Topic) -> str:
    """What kind of message it is."""
    match topic:
        case Topic.MENDED:
            return "recovered"
        case Topic.RESTART_FAILED:
            return "the restart did not help"
        case Topic.BUDGET_SPENT:
            return "no attempts left for now"
        case Topic.HEALTH_FAILING:
            return "not recovered yet"
        case Topic.OWNER_MUST_ACT:
            return "action needed"
        case Topic.FUNNEL_FAILED:
            return "the Funnel could not be recovered"
        case Topic.OLLAMA_FAILING:
            return "Ollama keeps failing"
        case Topic.NETWORK_AWAY:
            return "the connection to the internet is gone"
        case Topic.BUS_SILENT:
            return "the gateway cannot be watched"
        case Topic.KICK_REFUSED:
            return "a recovery request was refused"
        case Topic.KICK_DONE:
            return "done as requested"
        case Topic.KICK_WITHHELD:
            return "requested, but withheld"
        case Topic.KICK_FAILED:
            return "requested, but failed"
        case Topic.SETTINGS_BROKEN:
            return "the watchdog's settings contain a mistake"
        case Topic.STILL_PAUSED:
            return "the watchdog is still paused"
        case Topic.STILL_STOPPED:
            return "the gateway is still stopped"
        case Topic.ALL_CLEAR:
            return "all is well again"
        case Topic.SWITCHED:
            return "by request"
        case Topic.BLIND:
            return "the watchdog cannot see"
        case _:
            assert_never(topic)


def remedy(cause: Ill, unit: str, models: tuple[str, ...]) -> list[str]:
    """The exact things that the owner can do about it: each is a command, or ends in one."""
    match cause:
        case Ill.SERVICE_MASKED:
            return [_systemctl("unmask", unit), _systemctl("start", unit)]
        case Ill.SERVICE_NOT_FOUND:
            return ["install it, or set PICOCLAW_WATCHDOG_GATEWAY_SERVICE to its name"]
        case Ill.SERVICE_ELSEWHERE:
            return [
                "stop the gateway that was started by hand",
                _systemctl("start", unit),
            ]
        case Ill.SERVICE_PORT_TAKEN:
            return [
                "stop that program, or give it another port",
                _systemctl("restart", unit),
            ]
        case Ill.SERVICE_START_LIMIT:
            return [_systemctl("reset-failed", unit), _systemctl("start", unit)]
        case Ill.SERVICE_STALE_PID:
            return ["picoclaw-watchdog doctor --fix", _systemctl("restart", unit)]
        case (
            Ill.SERVICE_DOWN
            | Ill.SERVICE_STOPPED
            | Ill.SERVICE_STARTING
            | Ill.SERVICE_START_OVERDUE
            | Ill.SERVICE_CRASH_LOOP
            | Ill.SERVICE_HUNG
            | Ill.SERVICE_PORT_LOST
            | Ill.SERVICE_UNHEALTHY
        ):
            return [_journal(unit)]
        case Ill.WEBHOOK_DEAD:
            return ["check that PicoClaw's LINE channel is enabled, then: picoclaw-watchdog doctor"]
        case Ill.WEBHOOK_SIGNATURE_REFUSED:
            return ["compare the channel secret in PicoClaw's settings with LINE's console"]
        case Ill.FUNNEL_OFF | Ill.FUNNEL_UNREACHABLE | Ill.PUBLIC_NAME_UNKNOWN:
            return ["tailscale funnel status"]
        case Ill.FUNNEL_NOT_ALLOWED:
            return ["allow it: https://tailscale.com/s/no-funnel"]
        case Ill.LINE_WEBHOOK_OFF:
            return ['switch "Use webhook" on: https://developers.line.biz/console/']
        case Ill.TAILSCALE_LOGGED_OUT | Ill.TAILSCALE_STOPPED:
            return ["sudo tailscale up"]
        case Ill.TAILSCALE_KEY_EXPIRED:
            return ["sudo tailscale up --force-reauth"]
        case Ill.TAILSCALE_NOT_APPROVED:
            return ["approve this host: https://login.tailscale.com/admin/machines"]
        case Ill.TAILSCALE_DOWN:
            return ["sudo systemctl start tailscaled"]
        case Ill.NETWORK_DOWN:
            return ["check the router and the cable"]
        case Ill.PEER_DOWN | Ill.PEER_STUCK:
            return ["restart Ollama where it runs: sudo systemctl restart ollama"]
        case Ill.PEER_NOT_READY:
            return [
                "see what is loaded where Ollama runs: ollama ps",
                "to keep models loaded, set OLLAMA_KEEP_ALIVE=-1 there",
            ]
        case Ill.PEER_MODELS_MISSING:
            wanted = models or ("MODEL",)
            return [f"where Ollama runs: {command('ollama', 'pull', each)}" for each in wanted]
        case Ill.BUS_SILENT:
            return ["log in as the gateway's user, then: systemctl --user status"]
        case Ill.SERVICE_CANNOT_START:
            return [f"correct what systemd names: {_systemctl('status', unit)}"]
        case Ill.SERVICE_OF_THE_SYSTEM:
            return [command("sudo", "systemctl", "restart", unit)]
        case Ill.SERVICE_ADDRESS_DIFFERS | Ill.SERVICE_ANSWERS_OTHERWISE:
            return ["compare the addresses: picoclaw-watchdog doctor"]
        case Ill.PUBLIC_ANSWERS_OTHERWISE:
            return ["see what is published there: tailscale funnel status"]
        case Ill.PUBLIC_CERTIFICATE:
            return [
                "first see that the clock of this host is right: timedatectl",
                "see why it is rejected: picoclaw-watchdog doctor",
            ]
        case Ill.PEER_LOADING:
            return ["if it never ends, look at the log of the server that loads it"]
        case Ill.PEER_NEEDS_KEY:
            return ["set PICOCLAW_WATCHDOG_OLLAMA_API_KEY to a key that it accepts"]
        case Ill.PEER_MOVED | Ill.PEER_NOT_FOUND | Ill.PEER_ANOTHER_PROGRAM:
            return ["set PICOCLAW_WATCHDOG_OLLAMA_MODELS_URL to where the models are listed"]
        case Ill.PEER_TOO_MANY:
            return ["if it lasts, raise the limit there, or ask less often"]
        case Ill.PEER_SAYS_ERROR:
            return ["look at the log of the server that answers"]
        case Ill.PEER_NOT_REACHED:
            return ["check its name and certificate: picoclaw-watchdog doctor"]
        case Ill.HOST_CLOCK_WRONG:
            return ["sudo timedatectl set-ntp true"]
        case Ill.HOST_NO_CERTIFICATES:
            return ["on Debian or Ubuntu: sudo apt install --reinstall ca-certificates"]
        case Ill.HOST_NO_RESOLVER:
            return ["see which name servers are set: cat /etc/resolv.conf"]
        case Ill.HOST_PROXY_NEEDED:
            return ["set HTTPS_PROXY for the watchdog's unit: picoclaw-watchdog doctor"]
        case Ill.HOST_OUT_OF_PROCESSES:
            return ["see which limit is reached: picoclaw-watchdog doctor"]
        case Ill.WATCHDOG_BLIND:
            return ["see why: picoclaw-watchdog doctor"]
        case _:
            assert_never(cause)


def ways_out(target: Target, cause: Ill, unit: str) -> list[str]:
    """What can be meant where something was never seen working."""
    start = facts.start_of(cause, unit)
    steps = [f"if it should run: {start}"] if start else []
    if target.kind is Kind.PEER:
        steps.append("if it should run, on its host: sudo systemctl start ollama")
    if target.kind is Kind.EXPOSURE:
        steps.append(f"to publish it: {facts.DOCTOR}")
    return [
        *steps,
        f"if the address is wrong: set {facts.setting_of(cause)}",
        f"if it has moved, once it works there: {facts.accept(target)}",
    ]


def _systemctl(verb: str, unit: str) -> str:
    return command("systemctl", "--user", verb, unit)


def _journal(unit: str) -> str:
    return command("journalctl", "--user", "-u", unit, "-n", 50)
