"""Write `.env`, install, enable, look once. Each is whole or not at all."""

import os

from picoclaw_watchdog.doctor.seen import Case
from picoclaw_watchdog.init import wording
from picoclaw_watchdog.init.finding_out import Change, notes_for
from picoclaw_watchdog.init.talk import Talk
from picoclaw_watchdog.install import manager, setup
from picoclaw_watchdog.install.places import SERVICE
from picoclaw_watchdog.install.wording import TAKEN_OVER
from picoclaw_watchdog.settings.docs import env_template
from picoclaw_watchdog.settings.editing import changed
from picoclaw_watchdog.settings.sources import LARGEST_ENV
from picoclaw_watchdog.store.files import make_private_folder, read_small, write_atomically


def write_settings(talk: Talk, case: Case, changes: list[Change]) -> None:
    """Put the changes into `.env`: what else is in it stays, and only its owner can read it.

    Raises:
        OSError: it is as it was before.
    """
    path = os.path.realpath(case.env_file)  # a link of the owner's stays one
    short = case.short(case.env_file)
    lies = read_small(path, LARGEST_ENV)
    before = env_template() if lies is None else lies.decode("utf-8", "surrogateescape")
    values = {change.key: change.value for change in changes}
    after = changed(before, values, notes_for(changes, talk.language))
    if lies is not None and after == before and not os.stat(path).st_mode & 0o077:
        talk.good(wording.UNCHANGED, env=short)
        return
    make_private_folder(os.path.dirname(path))
    write_atomically(path, after.encode("utf-8", "surrogateescape"))
    talk.good(wording.WROTE, env=short)


def install(talk: Talk, case: Case) -> bool:
    """Install; a first installation that is interrupted is taken back. Answers whether it worked.

    Raises:
        OSError: a file could not be written.
        KeyboardInterrupt: the owner's.
    """
    was_there = setup.is_installed(case.places)
    try:
        done = setup.install(case.places, case.settings, case.environ, case.user)
    except KeyboardInterrupt:
        if not was_there:
            setup.uninstall(case.places, case.settings)
        raise
    if done.refused:
        talk.bad(wording.FAILED, why=done.refused)
        return False
    talk.good(wording.INSTALLED)
    if done.taken_over:
        talk.good(TAKEN_OVER)
    return True


def enable(talk: Talk, case: Case) -> bool:
    """Begin to watch, and look once at once. Answers whether it worked."""
    if not manager.answers():
        talk.bad(wording.NO_BUS)
        return False
    ran = manager.enable()
    if not ran.ok:
        talk.bad(wording.FAILED, why=ran.complaint)
        return False
    talk.good(wording.ENABLED, seconds=case.settings.interval_sec)
    ran = manager.systemctl("start", SERVICE)
    if ran.ok:
        talk.good(wording.CYCLE)
    else:
        talk.bad(wording.CYCLE_NOT, why=ran.complaint)
    return True
