"""How many years of a host's life the simulator lives in a minute, on one core.

Weeks that chance makes, far worse than a real host's: the real engine, store and LINE channel in
virtual time. Cycles of a calm host are leapt over (docs/proof.md), so both kinds are counted.
"""

import json
import sys
import time

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.sim.play import folder, live
from picoclaw_watchdog.sim.week import WEEK, draw

WEEKS = 52
YEAR = 365.25 * 86_400


def measure(weeks: int = WEEKS) -> dict[str, float]:
    """CPU seconds, cycles run and leapt over, and what follows from them."""
    run = leapt = broken = 0
    began = time.process_time()
    for seed in range(weeks):
        with folder() as where:
            played = live(draw(seed, Settings()), where)
        run += played.life.records.cycles
        leapt += played.life.records.leapt
        broken += len(played.broken)
    used = time.process_time() - began
    return {
        "weeks": weeks,
        "cpu_s": used,
        "cycles_run": run,
        "cycles_leapt": leapt,
        "broken": broken,
        "years_a_minute": weeks * WEEK / YEAR / used * 60,
    }


def main() -> int:
    """Measure and print."""
    json.dump(measure(), sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
