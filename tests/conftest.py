"""For all tests: a slow machine is no failure, and this machine's own tailscaled is not asked."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

os.environ["TS_SOCKET"] = "/nonexistent/tailscaled.sock"
