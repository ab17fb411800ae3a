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
    HOST = "host"  # clock, CA store, resolver, proxy, limits
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
    UNIT_CANNOT_START = "unit_cannot_start"  # systemd names a reason that no restart mends
    UNIT_WAITS_FOR_READY = "unit_waits_for_ready"  # Type=notify, and it has not said READY
    UNIT_OF_THE_SYSTEM = "unit_of_the_system"  # there is a system unit of this name
    BUS_SILENT = "bus_silent"
    # ports
    PORT_CLOSED = "port_closed"
    PORT_TAKEN = "port_taken"  # by a program that does not belong to the gateway's unit
    # HTTP
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    WRONG_STATUS = "wrong_status"
    NEEDS_KEY = "needs_key"  # 401, 403
    MOVED = "moved"  # 3xx
    NOT_FOUND = "not_found"  # 404
    TOO_MANY = "too_many"  # 429
    LOADING = "loading"  # 503 that says so
    SAYS_ERROR = "says_error"  # an error in the body of a 200
    ANOTHER_PROGRAM = "another_program"  # a page of something else
    NOT_HTTP = "not_http"
    NAME_UNKNOWN = "name_unknown"
    NO_ROUTE = "no_route"
    TLS_FAILED = "tls_failed"
    CERTIFICATE_REFUSED = "certificate_refused"  # theirs: expired, wrong name, unknown issuer
    NO_CERTIFICATES = "no_certificates"  # ours: there is no CA store to verify with
    READY_OLLAMA = "ready_ollama"  # 503, and every failing check is Ollama's
    READY_STARTING = "ready_starting"  # 503 that names what is still starting
    READY_STOCK = "ready_stock"  # 503 without a checks object: what stock v0.2.x always says
    READY_FAILING = "ready_failing"
    SHARED_PORT = "shared_port"  # webhook served on the gateway's own port (v0.2.0 and later)
    # Tailscale
    FUNNEL_OFF = "funnel_off"
    FUNNEL_ELSEWHERE = "funnel_elsewhere"  # on, but not for our webhook or under an old name
    TAILSCALE_MISSING = "tailscale_missing"
    TAILSCALE_SILENT = "tailscale_silent"
    TAILSCALE_DENIED = "tailscale_denied"  # we may not even ask
    TAILSCALED_DOWN = "tailscaled_down"
    TAILSCALE_STOPPED = "tailscale_stopped"
    TAILSCALE_STARTING = "tailscale_starting"
    LOGGED_OUT = "logged_out"
    KEY_EXPIRED = "key_expired"
    NOT_APPROVED = "not_approved"
    NOT_ALLOWED = "not_allowed"  # no Funnel or HTTPS capability
    NODE_OFFLINE = "node_offline"  # not connected to the control server
    # deeper looks
    SIGNATURE_REFUSED = "signature_refused"
    WEBHOOK_SWITCHED_OFF = "webhook_switched_off"  # at LINE
    LINE_CANNOT_REACH = "line_cannot_reach"
    MODELS_MISSING = "models_missing"
    GENERATION_STUCK = "generation_stuck"
    # this host
    CLOCK_WRONG = "clock_wrong"
    NO_RESOLVER = "no_resolver"
    PROXY_NEEDED = "proxy_needed"
    OUT_OF_PROCESSES = "out_of_processes"  # or of descriptors
    # our own
    NOT_DUE = "not_due"  # a rare look whose time has not come
    NO_ADDRESS = "no_address"  # nothing is known that could be asked
    PROBE_BROKEN = "probe_broken"  # our own error


class Ill(Enum):
    """What can be wrong. What is known of each stands in `core/ills.py`."""

    # services
    SERVICE_DOWN = "service_down"
    SERVICE_START_LIMIT = "service_start_limit"
    SERVICE_CANNOT_START = "service_cannot_start"  # systemd names a reason that no restart mends
    SERVICE_STALE_PID = "service_stale_pid"
    SERVICE_STOPPED = "service_stopped"  # on purpose; a fault only once its time is over
    SERVICE_MASKED = "service_masked"
    SERVICE_NOT_FOUND = "service_not_found"
    SERVICE_OF_THE_SYSTEM = "service_of_the_system"  # a system unit, which we may not restart
    SERVICE_ELSEWHERE = "service_elsewhere"  # answers, but does not run as our unit
    SERVICE_STARTING = "service_starting"  # not yet a fault
    SERVICE_START_OVERDUE = "service_start_overdue"  # starting for longer than starts take
    SERVICE_CRASH_LOOP = "service_crash_loop"  # systemd restarts it by itself, in vain
    SERVICE_HUNG = "service_hung"  # accepts, never answers
    SERVICE_PORT_LOST = "service_port_lost"  # runs, listens no more
    SERVICE_PORT_TAKEN = "service_port_taken"  # another program listens on its port
    SERVICE_ADDRESS_DIFFERS = "service_address_differs"  # our settings and its own disagree
    SERVICE_ANSWERS_OTHERWISE = "service_answers_otherwise"  # not what a health check answers
    SERVICE_UNHEALTHY = "service_unhealthy"  # answers, says it is ill
    WEBHOOK_DEAD = "webhook_dead"  # healthy, but the webhook is not served
    WEBHOOK_SIGNATURE_REFUSED = "webhook_signature_refused"
    # exposures
    FUNNEL_OFF = "funnel_off"
    FUNNEL_UNREACHABLE = "funnel_unreachable"  # on, and the public address does not answer
    FUNNEL_NOT_ALLOWED = "funnel_not_allowed"
    PUBLIC_ANSWERS_OTHERWISE = "public_answers_otherwise"  # something lies in between
    PUBLIC_CERTIFICATE = "public_certificate"  # the world does not accept it
    PUBLIC_NAME_UNKNOWN = "public_name_unknown"
    LINE_WEBHOOK_OFF = "line_webhook_off"
    # network
    TAILSCALE_LOGGED_OUT = "tailscale_logged_out"
    TAILSCALE_KEY_EXPIRED = "tailscale_key_expired"
    TAILSCALE_NOT_APPROVED = "tailscale_not_approved"
    TAILSCALE_STOPPED = "tailscale_stopped"
    TAILSCALE_DOWN = "tailscale_down"
    NETWORK_DOWN = "network_down"
    # peers
    PEER_DOWN = "peer_down"
    PEER_NOT_READY = "peer_not_ready"  # answers us, and the service says that it is not ready
    PEER_LOADING = "peer_loading"  # answers that it is loading a model
    PEER_NEEDS_KEY = "peer_needs_key"
    PEER_MOVED = "peer_moved"
    PEER_NOT_FOUND = "peer_not_found"
    PEER_TOO_MANY = "peer_too_many"  # answers that it is asked too often
    PEER_SAYS_ERROR = "peer_says_error"  # an error in an answer that looks well
    PEER_ANOTHER_PROGRAM = "peer_another_program"  # somebody else answers at its address
    PEER_NOT_REACHED = "peer_not_reached"  # its name or certificate is not accepted here
    PEER_MODELS_MISSING = "peer_models_missing"
    PEER_STUCK = "peer_stuck"
    # who starts and stops services
    BUS_SILENT = "bus_silent"
    # this host
    HOST_CLOCK_WRONG = "host_clock_wrong"
    HOST_NO_CERTIFICATES = "host_no_certificates"  # no CA store: nothing can be verified
    HOST_NO_RESOLVER = "host_no_resolver"
    HOST_PROXY_NEEDED = "host_proxy_needed"
    HOST_OUT_OF_PROCESSES = "host_out_of_processes"  # or of descriptors
    # the watchdog itself
    WATCHDOG_BLIND = "watchdog_blind"  # a target without a verdict


class Phase(Enum):
    """How far an attempt has come. INTENDED is on disk before anything is done."""

    INTENDED = "intended"
    DONE = "done"
    FAILED = "failed"
    STARTED = "started"  # it runs, and is not healthy yet: its starts may take longer
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
    NEVER_GOOD = "never_good"  # it was never seen working here: there is nothing to bring back
    IN_THE_WAY = "in_the_way"  # things of others would change
    KEPT_FOR_FAULTS = "kept_for_faults"  # a request may not spend the last attempt
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
    SWITCHED = "switched"  # paused, resumed or acknowledged by a request
    BLIND = "blind"
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
