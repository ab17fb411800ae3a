from scripts.policy import PAGE, filled

from picoclaw_watchdog.core.ills import rule_of
from picoclaw_watchdog.core.reasons import Ill
from picoclaw_watchdog.core.targets import Kind


def test_the_page_says_of_every_ill_what_the_policy_does() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == filled(page), "run: python scripts/policy.py"


def test_only_services_exposures_and_peers_have_a_remedy() -> None:
    mendable = {Kind.SERVICE, Kind.EXPOSURE, Kind.PEER}
    assert {rule_of(ill).kind for ill in Ill if rule_of(ill).remedy is not None} == mendable
