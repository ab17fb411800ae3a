"""The settings as values. Where they come from is the business of the `settings` package."""

from picoclaw_watchdog.light import NamedTuple


class Settings(NamedTuple):
    """Everything the owner can set, with its default. Times are in seconds."""

    enabled: bool = True
    interval_sec: int = 60
    gateway_service: str = "picoclaw-gateway.service"
    gateway_port: int = 18790
    line_webhook_port: int = 18791
    health_url: str = "http://127.0.0.1:18790/health"
    ready_url: str = "http://127.0.0.1:18790/ready"
    webhook_url: str = ""
    webhook_path: str = "/webhook/line"
    ollama_models_url: str = "http://127.0.0.1:11434/v1/models"
    local_timeout_sec: float = 3.0
    external_timeout_sec: float = 5.0
    restart_window_sec: int = 600
    restart_max_count: int = 3
    restart_verify_sec: int = 45
    startup_grace_sec: int = 45
    stop_timeout_sec: int = 10
    ollama_retry_sec: int = 10
    alert_cooldown_sec: int = 900
    tell_mended: bool = True
    language: str = "en"
    line_notify_enabled: bool = False
    line_notify_to: str = ""
    line_push_endpoint: str = "https://api.line.me/v2/bot/message/push"
    line_quota_reserve: int = 20
    apprise_urls: tuple[str, ...] = ()
    heartbeat_url: str = ""
    pause_windows: tuple[str, ...] = ()
    kick_enabled: bool = False
    kick_token: str = ""
    kick_file: str = ""
    kick_plain_allowed: bool = True
    kick_allowed_sources: tuple[str, ...] = ()
    state_dir: str = ""
    log_dir: str = ""
    log_file: str = ""
    log_max_bytes: int = 1_000_000
    log_keep: int = 5
    captures_keep: int = 20
    history_days: int = 90
    probe_webhook_signature: bool = False
    probe_line_webhook_test: bool = False
    probe_public_dns: bool = False
    ollama_required_models: tuple[str, ...] = ()
    probe_ollama_generation: bool = False
    pico_home: str = ""
    line_channel_access_token: str = ""
    line_channel_secret: str = ""
    ollama_api_key: str = ""
    # Found out, not set: where the gateway is, and what PicoClaw's own settings say of that.
    gateway_host: str = "127.0.0.1"  # bare, also where it is an IPv6 address
    address_set: bool = False  # the owner has set GATEWAY_PORT or HEALTH_URL himself
    own_address: str = ""  # http://HOST:PORT by PicoClaw's settings; empty: they say nothing
    own_source: str = ""  # the file or the variable that says so
