"""The enumerated reasons: what can be looked at, found, blamed, done, withheld and told."""

from enum import Enum


class Probe(Enum):
    """What can be looked at."""

    UNIT = "unit"
    LISTEN = "listen"
    HEALTH = "health"
    READY = "ready"
    WEBHOOK_LOCAL = "webhook_local"
    FUNNEL = "funnel"
    WEBHOOK_PUBLIC = "webhook_public"
    OLLAMA = "ollama"
    # Asked only when the public path is in doubt:
    NODE = "node"
    ROUTE = "route"
    # Deeper looks, off unless the owner switches them on:
    SIGNATURE = "webhook_signature"
    LINE_TEST = "line_webhook_test"
    PUBLIC_DNS = "public_dns"
    MODELS = "ollama_models"
    GENERATION = "ollama_generation"


class Verdict(Enum):
    """What a look found. UNKNOWN is not bad: what could not be looked at is never mended."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


class Sight(Enum):
    """Why a look came to its verdict."""

    AS_EXPECTED = "as_expected"
    # unit
    UNIT_INACTIVE = "unit_inactive"
    UNIT_FAILED = "unit_failed"
    UNIT_CHANGING = "unit_changing"
    UNIT_AUTO_RESTART = "unit_auto_restart"
    UNIT_START_LIMIT = "unit_start_limit"
    UNIT_MASKED = "unit_masked"
    UNIT_NOT_FOUND = "unit_not_found"
    BUS_SILENT = "bus_silent"
    # ports
    PORT_CLOSED = "port_closed"
    PORT_TAKEN = "port_taken"  # by a program that does not belong to the gateway's unit
    # HTTP
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    WRONG_STATUS = "wrong_status"
    NOT_HTTP = "not_http"
    NAME_UNKNOWN = "name_unknown"
    NO_ROUTE = "no_route"
    TLS_FAILED = "tls_failed"
    READY_OLLAMA = "ready_ollama"  # 503, and every failing check is Ollama's
    READY_STOCK = "ready_stock"  # 503 without a checks object: what stock v0.2.x always says
    READY_FAILING = "ready_failing"
    SHARED_PORT = "shared_port"  # webhook served on the gateway's own port (v0.2.0 and later)
    # Tailscale
    FUNNEL_OFF = "funnel_off"
    FUNNEL_ELSEWHERE = "funnel_elsewhere"  # on, but not for our webhook or under an old name
    TAILSCALE_MISSING = "tailscale_missing"
    TAILSCALE_SILENT = "tailscale_silent"
    TAILSCALED_DOWN = "tailscaled_down"
    TAILSCALE_STOPPED = "tailscale_stopped"
    TAILSCALE_STARTING = "tailscale_starting"
    LOGGED_OUT = "logged_out"
    KEY_EXPIRED = "key_expired"
    NOT_APPROVED = "not_approved"
    NOT_ALLOWED = "not_allowed"  # no Funnel or HTTPS capability
    # deeper looks
    SIGNATURE_REFUSED = "signature_refused"
    WEBHOOK_SWITCHED_OFF = "webhook_switched_off"  # at LINE
    LINE_CANNOT_REACH = "line_cannot_reach"
    MODELS_MISSING = "models_missing"
    GENERATION_STUCK = "generation_stuck"
    # our own
    NOT_DUE = "not_due"  # a rare look whose time has not come
    NO_ADDRESS = "no_address"  # nothing is known that could be asked
    PROBE_BROKEN = "probe_broken"  # our own error


class Target(Enum):
    """What an incident is about: at most one is open for each."""

    GATEWAY = "gateway"
    FUNNEL = "funnel"
    OLLAMA = "ollama"
    NETWORK = "network"
    SYSTEMD = "systemd"


class Cause(Enum):
    """A root cause."""

    GATEWAY_DOWN = "gateway_down"
    GATEWAY_START_LIMIT = "gateway_start_limit"
    GATEWAY_STALE_PID = "gateway_stale_pid"
    GATEWAY_STOPPED = "gateway_stopped"  # on purpose; a fault only once its time is over
    GATEWAY_MASKED = "gateway_masked"
    GATEWAY_NOT_FOUND = "gateway_not_found"
    GATEWAY_ELSEWHERE = "gateway_elsewhere"  # answers, but does not run as our unit
    GATEWAY_STARTING = "gateway_starting"  # not yet a fault
    GATEWAY_CRASH_LOOP = "gateway_crash_loop"  # systemd restarts it by itself, in vain
    GATEWAY_HUNG = "gateway_hung"  # accepts, never answers
    GATEWAY_PORT_LOST = "gateway_port_lost"  # runs, listens no more
    GATEWAY_PORT_TAKEN = "gateway_port_taken"  # another program listens on its port
    GATEWAY_UNHEALTHY = "gateway_unhealthy"  # answers, says it is ill
    GATEWAY_WEBHOOK_DEAD = "gateway_webhook_dead"  # healthy, but the webhook is not served
    WEBHOOK_SIGNATURE_REFUSED = "webhook_signature_refused"
    FUNNEL_OFF = "funnel_off"
    FUNNEL_UNREACHABLE = "funnel_unreachable"  # on, and the public address does not answer
    FUNNEL_NOT_ALLOWED = "funnel_not_allowed"
    PUBLIC_NAME_UNKNOWN = "public_name_unknown"
    LINE_WEBHOOK_OFF = "line_webhook_off"
    TAILSCALE_LOGGED_OUT = "tailscale_logged_out"
    TAILSCALE_KEY_EXPIRED = "tailscale_key_expired"
    TAILSCALE_NOT_APPROVED = "tailscale_not_approved"
    TAILSCALE_STOPPED = "tailscale_stopped"
    TAILSCALE_DOWN = "tailscale_down"
    NETWORK_DOWN = "network_down"
    OLLAMA_DOWN = "ollama_down"
    OLLAMA_NOT_READY = "ollama_not_ready"  # answers us, and the gateway says that it is not ready
    OLLAMA_MODELS_MISSING = "ollama_models_missing"
    OLLAMA_STUCK = "ollama_stuck"
    BUS_SILENT = "bus_silent"


class Action(Enum):
    """What can be done about a cause."""

    RESTART_GATEWAY = "restart_gateway"
    RECOVER_FUNNEL = "recover_funnel"


class Phase(Enum):
    """How far an attempt has come. INTENDED is on disk before anything is done."""

    INTENDED = "intended"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"  # we were killed in the middle: counted, outcome unknown


class Hold(Enum):
    """Why an action is withheld."""

    PAUSED = "paused"
    STOPPED = "stopped"  # the owner stopped the gateway on purpose
    UNKNOWN = "unknown"
    FOLLOWS_ANOTHER = "follows_another"
    BACKOFF = "backoff"
    STARTING = "starting"
    SETTLING = "settling"  # the host has just booted or woken up
    UNCONFIRMED = "unconfirmed"  # waits for a second look
    BUDGET_SPENT = "budget_spent"
    SUPPRESSED = "suppressed"  # policy forbids it: the third and later Ollama failure
    CANNOT_HELP = "cannot_help"  # nothing we can run mends this
    ALREADY_RESTARTED = "already_restarted"  # once per cycle
    NOT_RECORDABLE = "not_recordable"  # an attempt that cannot be written down is not made


class Fault(Enum):
    """What a drill breaks."""

    GATEWAY = "gateway"  # its unit is stopped
    FUNNEL = "funnel"  # our entry is switched off
    OLLAMA = "ollama"  # its unit is stopped, or our own look is misled
    HANG = "hang"  # the gateway's processes are frozen


class Gravity(Enum):
    """How much the owner must know it."""

    NOTICE = "notice"
    WARNING = "warning"
    CRITICAL = "critical"


class Topic(Enum):
    """What a message is about."""

    MENDED = "mended"  # broke and was mended before anybody had to be told
    RESTART_FAILED = "restart_failed"
    BUDGET_SPENT = "budget_spent"
    HEALTH_FAILING = "health_failing"
    OWNER_MUST_ACT = "owner_must_act"
    FUNNEL_FAILED = "funnel_failed"
    OLLAMA_FAILING = "ollama_failing"
    NETWORK_AWAY = "network_away"
    BUS_SILENT = "bus_silent"
    KICK_REFUSED = "kick_refused"
    KICK_DONE = "kick_done"  # asked for from LINE, and done: who asked may have ended with it
    KICK_WITHHELD = "kick_withheld"
    KICK_FAILED = "kick_failed"
    SETTINGS_BROKEN = "settings_broken"
    STILL_PAUSED = "still_paused"
    STILL_STOPPED = "still_stopped"
    ALL_CLEAR = "all_clear"


class Fate(Enum):
    """What became of a message."""

    SENT = "sent"
    ALREADY_SENT = "already_sent"  # the retry key was accepted before
    NOT_SENT = "not_sent"  # surely not accepted: try later
    SILENT = "silent"  # sent, no answer: try later with the same key
    TRY_LATER = "try_later"  # answered: broken; try later with the same key
    QUOTA = "quota"  # the month's messages are used up
    REFUSED = "refused"  # trying again cannot help: token, recipient or plan
