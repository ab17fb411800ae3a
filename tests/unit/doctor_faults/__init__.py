"""Everything that can be broken in a host, and what the doctor must say of it."""

from tests.unit.doctor_faults import gateway, host, messages, tailscale

FAULTS = (*host.FAULTS, *gateway.FAULTS, *tailscale.FAULTS, *messages.FAULTS)
