import json
from collections.abc import Callable, Sequence

import pytest

from picoclaw_watchdog.core.model import Outcome
from picoclaw_watchdog.core.reasons import Phase, Sight
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host import serve_config
from picoclaw_watchdog.host.tailscale import DAEMON_DOWN, REMEDY
from picoclaw_watchdog.ports import Funnel, Node, Ran, Silence
from picoclaw_watchdog.recoveries import funnel
from tests.unit.standins.world import FakeLog, VirtualClock, a_world

HOST = "box.tail1234.ts.net"
DENIED = Ran(1, err=f"tailscale: access denied; sudo: a password is required; {REMEDY}")
TIMED_OUT = Ran(-9, timed_out=True)
OTHER = f"https://{HOST}:8443/ proxy http://127.0.0.1:3000 (tailnet only)"


class PretendTailnet:
    """Keeps a configuration, and obeys only as often as it is told to."""

    def __init__(
        self,
        *,
        sites: dict[int, tuple[str, bool]] | None = None,
        node: Node | Silence | None = None,
        publishes: Sequence[Ran | None] = (None,),  # None: it really publishes
        resets: Ran | None = None,
        put_back: Callable[[], bool] = lambda: True,
        during_publish: Callable[[], None] = lambda: None,
    ) -> None:
        self._during_publish = during_publish
        self.calls: list[str] = []
        self.sites = dict(sites or {})  # public port -> target, whether by Funnel
        self.readable = True
        self._node = node or Node("Running", dns_name=HOST, can_funnel=True, can_https=True)
        self._publishes = list(publishes)
        self._resets = resets
        self._put_back = put_back

    def funnel(self, ports: Sequence[int], deadline: float) -> Funnel | Silence:
        if not self.readable:
            return Silence(f"no answer within {deadline} s", timed_out=True)
        raw = json.dumps(
            {
                "TCP": {str(port): {"HTTPS": True} for port in self.sites},
                "Web": {
                    f"{HOST}:{port}": {"Handlers": {"/": {"Proxy": target}}}
                    for port, (target, _) in self.sites.items()
                },
                "AllowFunnel": {f"{HOST}:{port}": on for port, (_, on) in self.sites.items()},
            }
        )
        return serve_config.summarise(serve_config.read(raw), ports, raw=raw)

    def node(self, deadline: float) -> Node | Silence:
        assert deadline > 0
        return self._node

    def publish(self, port: int, deadline: float) -> Ran:
        self.calls.append(f"publish {port} {deadline:g}")
        self._during_publish()
        said = self._publishes.pop(0) if len(self._publishes) > 1 else self._publishes[0]
        if said is None:
            self.sites[443] = (f"http://127.0.0.1:{port}", True)
        return said or Ran(0)

    def unpublish(self, port: int, deadline: float) -> Ran:
        raise AssertionError(port, deadline)

    def reset(self, deadline: float) -> Ran:
        self.calls.append(f"reset {deadline:g}")
        if self._resets is None:
            self.sites = {}
        return self._resets or Ran(0)

    def put_back(self, before: Funnel, deadline: float) -> tuple[str, ...]:
        self.calls.append("put back")
        assert deadline > 0
        if not self._put_back():
            return before.others
        for entry in serve_config.read(before.raw):
            self.sites.setdefault(entry.port, (entry.target, entry.public))
        return ()

    @property
    def names(self) -> list[str]:
        return [call.split()[0] for call in self.calls]


def mended(
    tailnet: PretendTailnet,
    reachable: Callable[[], bool] = lambda: True,
    log: FakeLog | None = None,
) -> Outcome:
    return funnel.mend(Settings(), a_world(tailnet=tailnet, log=log), 18791, reachable)


def after(*answers: bool) -> Callable[[], bool]:
    left = list(answers)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_publishing_is_enough_where_it_works() -> None:
    tailnet = PretendTailnet()
    assert mended(tailnet) == Outcome(Phase.DONE)
    assert tailnet.calls == ["publish 18791 10"]


def test_a_funnel_gets_moments_to_be_reachable() -> None:
    tailnet = PretendTailnet()
    outcome = mended(tailnet, after(False, False, True))
    assert (outcome.phase, outcome.took) == (Phase.DONE, 1.0)
    assert tailnet.names == ["publish"]


def test_a_command_that_ended_well_having_done_nothing_is_seen_through() -> None:
    tailnet = PretendTailnet(
        publishes=(Ran(0), None), sites={8443: ("http://127.0.0.1:3000", False)}
    )
    outcome = mended(tailnet)
    assert outcome.phase is Phase.DONE
    assert tailnet.names == ["publish", "reset", "publish", "put"]
    assert tailnet.sites[8443] == ("http://127.0.0.1:3000", False)
    assert outcome.lost == ()


def test_a_command_that_waits_for_ever_is_followed_by_a_reset() -> None:
    tailnet = PretendTailnet(publishes=(TIMED_OUT, None))
    assert mended(tailnet).phase is Phase.DONE
    assert tailnet.names == ["publish", "reset", "publish", "put"]


def test_a_funnel_that_is_on_and_unreachable_is_reset() -> None:
    tailnet = PretendTailnet()
    outcome = mended(tailnet, after(*[False] * 11, False, True))
    assert outcome.phase is Phase.DONE
    assert tailnet.names == ["publish", "reset", "publish", "put"]


def test_what_never_becomes_reachable_is_a_failure() -> None:
    tailnet = PretendTailnet()
    outcome = mended(tailnet, lambda: False)
    assert outcome.phase is Phase.FAILED
    assert outcome.needs_owner is None
    assert "not reachable" in outcome.detail
    assert tailnet.names == ["publish", "reset", "publish", "put"]
    assert outcome.took == pytest.approx(15, abs=0.1)


def test_entries_that_could_not_be_put_back_are_named() -> None:
    tailnet = PretendTailnet(
        publishes=(Ran(0), None),
        sites={8443: ("http://127.0.0.1:3000", False)},
        put_back=lambda: False,
    )
    outcome = mended(tailnet)
    assert (outcome.phase, outcome.lost) == (Phase.DONE, (OTHER,))


def test_other_entries_are_put_back_also_where_publishing_fails() -> None:
    tailnet = PretendTailnet(publishes=(Ran(0),), sites={8443: ("http://127.0.0.1:3000", False)})
    outcome = mended(tailnet)
    assert outcome.phase is Phase.FAILED
    assert tailnet.names == ["publish", "reset", "publish", "put"]
    assert 8443 in tailnet.sites


def test_what_will_be_dropped_is_in_the_log_before_it_is_dropped() -> None:
    log = FakeLog()
    mended(
        PretendTailnet(publishes=(Ran(0), None), sites={8443: ("http://127.0.0.1:3000", False)}),
        log=log,
    )
    assert log.lines == [f"WARN funnel NG reset to be put back: {OTHER}"]


def test_an_entry_whose_place_the_webhook_takes_is_told() -> None:
    tailnet = PretendTailnet(sites={443: ("http://127.0.0.1:3000", True)})
    outcome = mended(tailnet)
    assert outcome.phase is Phase.DONE
    assert outcome.lost == (f"https://{HOST}/ proxy http://127.0.0.1:3000 (Funnel on)",)


def test_nothing_is_dropped_that_is_not_known() -> None:
    tailnet = PretendTailnet(publishes=(TIMED_OUT,))
    tailnet.readable = False
    outcome = mended(tailnet)
    assert outcome.phase is Phase.FAILED
    assert "no reset" in outcome.detail
    assert tailnet.names == ["publish"]


@pytest.mark.parametrize(
    ("node", "sight"),
    [
        (Node("NeedsLogin"), Sight.LOGGED_OUT),
        (Node("Running", expired=True), Sight.KEY_EXPIRED),
        (Node("NeedsMachineAuth"), Sight.NOT_APPROVED),
        (Node("Running", can_funnel=False), Sight.NOT_ALLOWED),
        (Node("Running", can_https=False), Sight.NOT_ALLOWED),
        (Node("Stopped"), Sight.TAILSCALE_STOPPED),
        (Silence("no tailscale", missing=True), Sight.TAILSCALE_MISSING),
        (Silence(f"{DAEMON_DOWN}: no socket"), Sight.TAILSCALED_DOWN),
        (Node("Starting"), None),
        (Silence("hangs", timed_out=True), None),
    ],
)
def test_nothing_is_run_where_only_the_owner_or_time_can_help(
    node: Node | Silence, sight: Sight | None
) -> None:
    tailnet = PretendTailnet(node=node)
    outcome = mended(tailnet)
    assert (outcome.phase, outcome.needs_owner) == (Phase.FAILED, sight)
    assert outcome.detail
    assert tailnet.calls == []


def test_an_answer_about_the_node_that_cannot_be_read_forbids_nothing() -> None:
    assert mended(PretendTailnet(node=Silence("unreadable answer"))).phase is Phase.DONE


def test_without_the_right_to_publish_nothing_is_reset() -> None:
    tailnet = PretendTailnet(publishes=(DENIED,))
    outcome = mended(tailnet)
    assert (outcome.phase, outcome.needs_owner) == (Phase.FAILED, Sight.NOT_ALLOWED)
    assert "sudo: a password is required" in outcome.detail
    assert "--operator" in outcome.detail
    assert tailnet.names == ["publish"]


def test_without_the_right_to_reset_nothing_is_lost() -> None:
    sites = {8443: ("http://127.0.0.1:3000", False)}
    tailnet = PretendTailnet(publishes=(Ran(0),), resets=DENIED, sites=sites)
    outcome = mended(tailnet)
    assert (outcome.phase, outcome.needs_owner) == (Phase.FAILED, Sight.NOT_ALLOWED)
    assert tailnet.names == ["publish", "reset"]
    assert tailnet.sites == sites


@pytest.mark.parametrize(
    ("ran", "sight"),
    [
        (
            Ran(1, err="Funnel not available; HTTPS must be enabled. See https://x/https.\n"),
            Sight.NOT_ALLOWED,
        ),
        (
            Ran(1, err='Funnel not available; "funnel" node attribute not set. See https://x.\n'),
            Sight.NOT_ALLOWED,
        ),
        (
            Ran(1, err="Unable to turn on Funnel while shields-up is enabled\n"),
            Sight.NOT_ALLOWED,
        ),
        (
            Ran(
                -9,
                out="\nFunnel is not enabled on your tailnet.\nTo enable, visit:\n\n"
                "\thttps://login.tailscale.com/f/funnel?node=n1\n",
                timed_out=True,
            ),
            Sight.NOT_ALLOWED,
        ),
        (
            Ran(
                0, out="Funnel is not enabled on your tailnet.\nTo enable, visit:\n\n\thttps://x\n"
            ),
            Sight.NOT_ALLOWED,
        ),
        (Ran(1, err="Tailscale is stopped.\n"), Sight.TAILSCALE_STOPPED),
        (Ran(1, err="netMap is nil\n"), None),
        (Ran(1, err="Another client is changing the serve config; please try again.\n"), None),
        (Ran(1, err="foreground already exists under this port\n"), None),
    ],
)
def test_no_reset_where_it_could_not_help(ran: Ran, sight: Sight | None) -> None:
    tailnet = PretendTailnet(publishes=(ran,))
    outcome = mended(tailnet)
    assert (outcome.phase, outcome.needs_owner) == (Phase.FAILED, sight)
    assert outcome.detail
    assert "login.tailscale.com" not in outcome.detail
    assert tailnet.names == ["publish"]


def test_a_port_of_its_own_is_published_and_counts() -> None:
    tailnet = PretendTailnet()
    outcome = funnel.mend(Settings(), a_world(tailnet=tailnet), 20000, lambda: True)
    assert outcome.phase is Phase.DONE
    assert tailnet.calls == ["publish 20000 10"]


def test_the_whole_mending_is_timed() -> None:
    clock = VirtualClock()

    world = a_world(tailnet=PretendTailnet(during_publish=lambda: clock.sleep(3.0)))
    world = world._replace(clock=clock)
    assert funnel.mend(Settings(), world, 18791, lambda: True).took == 3.0
