"""One cycle: observe, judge, decide, record, act, verify, tell."""

from collections.abc import Callable

from picoclaw_watchdog.core import targets
from picoclaw_watchdog.core.baseline import learned
from picoclaw_watchdog.core.model import (
    Decision,
    Kick,
    Look,
    Moment,
    Served,
    State,
)
from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.core.switches import may_tell, over_keys
from picoclaw_watchdog.core.watched import is_quiet
from picoclaw_watchdog.engine.observe import RARELY, Observer, due_looks
from picoclaw_watchdog.engine.report import News, Report, log_cycle, snapshot
from picoclaw_watchdog.ports import World

SETTINGS_KEY = "settings"


def run(
    settings: Settings,
    world: World,
    kicks: tuple[Kick, ...] = (),
    news: tuple[News, ...] = (),
    answered: tuple[tuple[Kick, Served], ...] = (),
    answer: Callable[[Report], None] | None = None,
) -> Report:
    """Run one cycle to its end. Mending comes first; telling never delays it.

    Args:
        settings: the owner's wishes.
        world: where all this happens.
        kicks: authorised requests to serve.
        news: what no probe can see.
        answered: requests whose outcome is known without this cycle.
        answer: called once all is done and saved, and before anybody is told: who waits for an
            outcome does not wait for LINE.
    """
    began = world.clock.now()
    before = world.store.load(began)
    if settings.pause_windows:
        from picoclaw_watchdog.engine.switches import in_window

        before = in_window(settings, before, began)
    if before.drill is not None:
        from picoclaw_watchdog.engine.faults import during

        settings, before = during(settings, world, before)
    published = before.baseline(targets.FUNNEL)
    observer = Observer(settings, world, published.address if published is not None else "")
    look = observer.look(due_looks(settings, before, began))
    settings = observer.settings
    report = Report(began, world.clock.now(), before, look, Decision())
    if kicks or news or answered or not is_quiet(settings, before, look):
        from picoclaw_watchdog.engine.mend import mend  # not needed on most days

        report = mend(settings, world, observer, report, kicks, news, answered)
    state = learned(settings, report.state, report.look, began)
    state = _remember(state, report.look, began, news)
    report = report._replace(state=state)
    log_cycle(world, report)
    world.store.save(state)
    if answer is not None:
        answer(report._replace(ended=world.clock.now()))
    waiting = state.outbox or state.refused_for or any(bag.letters for bag in state.bags)
    if waiting and may_tell(state):
        from picoclaw_watchdog.engine.tell import deliver

        state, _ = deliver(settings, world, state, world.clock.now())
        world.store.save(state)
    report = report._replace(state=state, ended=world.clock.now())
    document = snapshot(settings, world, report)
    if settings.heartbeat_url:
        from picoclaw_watchdog.engine.heartbeat import MARK, mark

        document[MARK], due = mark(world.store.last_snapshot(), report.ended)
        report = report._replace(beat=due)
    world.store.snapshot(document)
    for complaint in world.store.complaints():
        world.log.write("ERROR", "watchdog", "NG", "store", complaint)
    return report


def _remember(state: State, look: Look, began: Moment, news: tuple[News, ...]) -> State:
    taken = dict(state.rare_looks)
    taken.update({seen.probe.value: began for seen in look.seen if seen.probe in RARELY})
    over = over_keys(state) if state.told else set()
    if not any(item.key == SETTINGS_KEY for item in news):
        over.add(SETTINGS_KEY)  # the next one is news again
    told = tuple(each for each in state.told if each[0] not in over)
    return state._replace(last_cycle=began, rare_looks=tuple(taken.items()), told=told)
