"""Bring back the Serve entry that was seen publishing the webhook, and nothing else.

What that would change of other people's things is computed first; if there is anything, nothing
is run and the owner is told what stands in the way. It is mended only when it is seen from
outside. A refusal is never answered by a harsher command.
"""

import json
from collections.abc import Callable, Mapping

from picoclaw_watchdog.core.model import Entry, Outcome, seconds_between
from picoclaw_watchdog.core.reasons import Phase, Sight, Verdict
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.host.node import meaning_of, sight_of
from picoclaw_watchdog.host.serve_config import entries_of, line_of, parse
from picoclaw_watchdog.host.serve_text import sight_of_trouble
from picoclaw_watchdog.host.tailscale import clean
from picoclaw_watchdog.light import NamedTuple
from picoclaw_watchdog.ports import Commanded, Fit, Node, Ran, Silence, World
from picoclaw_watchdog.recoveries import serving
from picoclaw_watchdog.recoveries.serving import Means

SETTLE_SEC = 5.0  # that a Funnel gets to be reachable after it was published
SETTLE_AFTER_RESET_SEC = 10.0
ASK_EVERY = 0.5  # seconds
TRIES = 2  # of a change that somebody else's change came before
OWNERS = {  # what only the owner can change
    Sight.LOGGED_OUT: "logged out",
    Sight.KEY_EXPIRED: "the node's key has expired",
    Sight.NOT_APPROVED: "this machine is not approved by the tailnet's administrator",
    Sight.NOT_ALLOWED: "the tailnet does not allow this node Funnel or HTTPS",
    Sight.TAILSCALE_STOPPED: "Tailscale is stopped",
    Sight.TAILSCALED_DOWN: "tailscaled does not run",
    Sight.TAILSCALE_MISSING: "tailscale is not installed",
    Sight.TAILSCALE_DENIED: "tailscaled may not be asked",
}
NOT_POSSIBLE = (  # what the tailnet's administrator must change, in Tailscale's words
    "funnel not available",
    "not allowed for funnel",
    "shields-up",
    "to enable, visit",
    "not enabled on your tailnet",
)


class _Stop(Exception):  # noqa: N818  # never leaves this file
    """There is nothing more to do: this is what became of it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.detail)
        self.outcome = outcome


class _Seen(NamedTuple):
    """One reading, ready to be changed."""

    config: Mapping[str, object]
    etag: str


def mend(
    settings: Settings, world: World, entry: Entry, reachable: Callable[[], Verdict]
) -> Outcome:
    """Restore the entry, and look from outside.

    Args:
        settings: `external_timeout_sec`.
        world: Where to do it.
        entry: What was seen working.
        reachable: Asks the public address once.

    Returns:
        DONE once `reachable` says good; else FAILED, with `stands` where things of others would
        have changed, `needs_owner` where only he can go on, `unseen` where it is restored and
        nobody can say from here whether it works.
    """
    mending = _Mending(settings, world, entry, reachable)
    began = world.clock.now()
    try:
        outcome = mending.mend()
    except _Stop as stop:
        outcome = stop.outcome
    return outcome._replace(took=seconds_between(began, world.clock.now()))


def restore(settings: Settings, world: World, entry: Entry) -> Outcome:
    """Put the entry back as `mend` does, and look at the configuration only."""
    mending = _Mending(settings, world, entry, lambda: Verdict.UNKNOWN)
    try:
        return mending.restore()
    except _Stop as stop:
        return stop.outcome


def withdraw(settings: Settings, world: World, entry: Entry) -> Outcome:
    """Take off the entry and nothing else; not where anything else is on its port."""
    mending = _Mending(settings, world, entry, lambda: Verdict.UNKNOWN)
    try:
        return mending.withdraw()
    except _Stop as stop:
        return stop.outcome


class _Mending:
    def __init__(
        self, settings: Settings, world: World, entry: Entry, reachable: Callable[[], Verdict]
    ) -> None:
        self._world = world
        self._entry = entry
        self._reachable = reachable
        self._look_sec = settings.external_timeout_sec
        self._command_sec = settings.external_timeout_sec * 2
        self._name = ""
        self._as_root = False

    def mend(self) -> Outcome:
        node = self._node()
        self._name = node.dns_name
        before = self._read()
        after = self._restore(before, node)
        lost = _gone(before.config, after.config, self._entry)
        verdict = self._outside(SETTLE_SEC)
        if verdict is Verdict.GOOD:
            return Outcome(Phase.DONE, lost=lost)
        if not self._is_there(after):
            return Outcome(Phase.FAILED, "tailscale ended well having done nothing", lost=lost)
        if verdict is Verdict.UNKNOWN:
            detail = "the entry is restored; whether it works is not seen from outside"
            return Outcome(Phase.FAILED, detail, lost=lost, unseen=True)
        if not self._may_start_over(after):
            detail = "the entry is restored, but the address does not answer from outside"
            return Outcome(Phase.FAILED, detail, lost=lost)
        return self._start_over(after)

    def restore(self) -> Outcome:
        node = self._node()
        self._name = node.dns_name
        seen = self._read()
        if not self._is_there(seen):
            seen = self._restore(seen, node)
        done = self._is_there(seen)
        return Outcome(Phase.DONE if done else Phase.FAILED, advice=serving.advice(self._entry))

    def withdraw(self) -> Outcome:
        seen = self._read()
        others = serving.sharing(seen.config, self._entry)
        if others:
            return Outcome(Phase.FAILED, "others are on its port", stands=others)
        if seen.etag:
            left = json.dumps(serving.withdrawn(seen.config, self._entry))
            written = self._world.tailnet.write(left, seen.etag, self._command_sec)
            if written.fit is Fit.DONE:
                return Outcome(Phase.DONE)
            if written.fit not in (Fit.DENIED, Fit.PATHS_OF_ROOT):
                return Outcome(Phase.FAILED, written.detail or written.fit.value)
        off = ("funnel", f"--https={self._entry.port}", "off")
        self._judge(self._world.tailnet.command(off, self._command_sec))
        still = self._is_there(self._read())
        return Outcome(Phase.FAILED if still else Phase.DONE)

    # ---- looking

    def _node(self) -> Node:
        node = self._world.tailnet.node(self._look_sec)
        if isinstance(node, Silence):
            sight = meaning_of(node)[1]
            owner = sight if sight in OWNERS else None
            raise _Stop(Outcome(Phase.FAILED, node.detail, needs_owner=owner))
        sight = sight_of(node)
        if sight is not Sight.AS_EXPECTED:
            detail = OWNERS.get(sight, f"Tailscale is not ready: {clean(node.state)}")
            owner = sight if sight in OWNERS else None
            raise _Stop(Outcome(Phase.FAILED, detail, needs_owner=owner))
        return node

    def _read(self) -> _Seen:
        funnel = self._world.tailnet.funnel(self._look_sec)
        if isinstance(funnel, Silence):
            raise _Stop(Outcome(Phase.FAILED, funnel.detail))
        config = parse(funnel.raw) if funnel.raw and funnel.trouble is None else None
        if config is None:
            why = funnel.trouble.value if funnel.trouble is not None else "it has no JSON form"
            detail = f"what else is published is not known ({why}): nothing was run"
            raise _Stop(Outcome(Phase.FAILED, detail, advice=serving.advice(self._entry)))
        return _Seen(config, funnel.etag)

    def _is_there(self, seen: _Seen) -> bool:
        return serving.restored(seen.config, self._entry) == seen.config

    def _outside(self, settle: float) -> Verdict:
        """The last look from outside, within `settle` seconds."""
        asked = self._world.clock.now()
        while True:
            verdict = self._reachable()
            waited = seconds_between(asked, self._world.clock.now())
            if verdict is Verdict.GOOD or waited >= settle:
                return verdict
            self._world.clock.sleep(ASK_EVERY)

    # ---- restoring

    def _restore(self, seen: _Seen, node: Node) -> _Seen:
        """Publish the entry by the gentlest means; what is there afterwards."""
        for _ in range(TRIES):
            self._weigh(seen, Means.SOCKET)
            if not seen.etag:
                break
            wanted = json.dumps(serving.restored(seen.config, self._entry))
            written = self._world.tailnet.write(wanted, seen.etag, self._command_sec)
            if written.fit is Fit.DONE:
                return self._read()
            if written.fit in (Fit.DENIED, Fit.PATHS_OF_ROOT):
                break
            if written.fit is not Fit.CHANGED:
                self._refused(Ran(1, err=written.detail or "tailscaled did not answer"))
            seen = self._read()
        else:
            raise _Stop(Outcome(Phase.FAILED, "somebody else is changing what is served"))
        self._weigh(seen, self._means(seen, node))
        done = self._world.tailnet.command(serving.arguments(self._entry), self._command_sec)
        self._as_root = done.as_root
        self._judge(done)
        return self._read()

    def _means(self, seen: _Seen, node: Node) -> Means:
        """Whether the command knows all that tailscaled has, as far as it matters."""
        if not serving.unknown_fields(seen.config):
            return Means.COMMAND
        ours = self._world.tailnet.client_version(self._look_sec).partition("-")[0]
        same = ours and ours == node.version.partition("-")[0]
        return Means.COMMAND if same else Means.OLD_COMMAND

    def _weigh(self, seen: _Seen, means: Means) -> None:
        effect = serving.effect(seen.config, self._entry, name=self._name, means=means)
        if effect:
            kinds = ", ".join(dict.fromkeys(each.obstacle.value for each in effect))
            raise _Stop(
                Outcome(
                    Phase.FAILED,
                    f"nothing was run: things of others would change ({kinds})",
                    stands=tuple(dict.fromkeys(each.line for each in effect)),
                    advice=serving.advice(self._entry),
                )
            )

    # ---- what a command said

    def _judge(self, done: Commanded) -> None:
        """Stop where going on makes no sense."""
        if done.denied:
            path = "401 unauthorized" in done.ran.err.lower()
            detail = (
                "root serves a file or a socket: tailscaled lets nobody but root change anything"
                if path
                else "tailscaled refuses it: this user is not its operator, and sudo does not "
                "allow this very command"
            )
            raise _Stop(
                Outcome(
                    Phase.FAILED,
                    detail,
                    needs_owner=Sight.NOT_ALLOWED,
                    advice=serving.advice(self._entry),
                )
            )
        self._refused(done.ran)

    def _refused(self, ran: Ran) -> None:
        for line in f"{ran.err}\n{ran.out}".splitlines():
            trouble = None if ran.ok else sight_of_trouble(line)
            if any(words in line.lower() for words in NOT_POSSIBLE):
                trouble = Sight.NOT_ALLOWED
            if trouble is not None:
                owner = trouble if trouble in OWNERS else None
                raise _Stop(Outcome(Phase.FAILED, clean(line), needs_owner=owner))
        if not ran.ok:
            late = "tailscale did not end in time"
            raise _Stop(Outcome(Phase.FAILED, late if ran.timed_out else clean(ran.complaint)))

    # ---- once more from nothing, where there is nobody whom it could harm

    def _may_start_over(self, seen: _Seen) -> bool:
        """Whether our entry is all that the node serves, and both steps are shown to be allowed."""
        if not serving.is_alone(seen.config, self._entry):
            return False
        # What has just restored the entry may also take it off; only sudo tells commands apart.
        return not self._as_root or self._world.tailnet.may_as_root(
            ("funnel", "reset"), self._command_sec
        )

    def _start_over(self, seen: _Seen) -> Outcome:
        self._world.log.write("WARN", "funnel", "NG", "reset", "our entry is the only one")
        if seen.etag and not self._as_root:
            written = self._world.tailnet.write("{}", seen.etag, self._command_sec)
            if written.fit is not Fit.DONE:  # somebody came in between, or it was refused
                return Outcome(Phase.FAILED, f"no reset: {written.fit.value} {written.detail}")
        else:
            if not serving.is_alone(self._read().config, self._entry):
                return Outcome(Phase.FAILED, "no reset: something else is served now")
            self._judge(self._world.tailnet.command(("funnel", "reset"), self._command_sec))
        return self._again()

    def _again(self) -> Outcome:
        after = self._restore(self._read(), self._node())
        verdict = self._outside(SETTLE_AFTER_RESET_SEC)
        if verdict is Verdict.GOOD:
            return Outcome(Phase.DONE, "after a reset")
        if not self._is_there(after):
            return Outcome(
                Phase.FAILED, "the entry is not back", advice=serving.advice(self._entry)
            )
        return Outcome(
            Phase.FAILED,
            "the address does not answer from outside, also after a reset",
            unseen=verdict is Verdict.UNKNOWN,
        )


def _gone(
    before: Mapping[str, object], after: Mapping[str, object], ours: Entry
) -> tuple[str, ...]:
    """What of others was published before and is not any more: by whomever, it is to be told."""
    now = {each._replace(public=False): each for each in entries_of(after)}
    lost = []
    for each in entries_of(before):
        same = now.get(each._replace(public=False))
        own = (each.host, each.port, each.mount) == (ours.host, ours.port, ours.mount)
        if each.what and not own and (same is None or same.public < each.public):
            lost.append(line_of(each))
    return tuple(lost)
