"""Whether the kernel believes its clock, asked as systemd's timedated asks: adjtimex(2)."""

import ctypes

_MAX_ERROR = 16_000_000  # microseconds: NTP_PHASE_LIMIT; from there on it is unsynchronised
_WORDS = 32  # longs; struct timex has 26 at most
_MAXERROR_AT = 3  # modes, offset, freq, maxerror: each in a long's room


def is_synchronised() -> bool | None:
    """Whether somebody keeps the clock right; None where the kernel does not tell."""
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        timex = (ctypes.c_long * _WORDS)()  # modes = 0: only read
        state: int = libc.adjtimex(timex)
    except (OSError, AttributeError):
        return None
    return None if state < 0 else timex[_MAXERROR_AT] < _MAX_ERROR
