"""Read the settings for a command, and say what is wrong with them."""

import os
import sys

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.light import TextIO
from picoclaw_watchdog.settings.load import Loaded, load
from picoclaw_watchdog.store.disk import DiskStore

USAGE = 2


def load_settings() -> Loaded:
    """The settings of this user on this host."""
    return load(os.environ, os.path.expanduser("~"))


def settings_for(arguments: list[str], known: set[str], help_text: str) -> Settings | int:
    """The settings for a command that knows nothing but flags.

    Returns:
        The settings, or the exit status where the command ends here: 0 after --help, 2 for
        wrong usage or for a mistake in the settings.
    """
    if set(arguments) - known:
        print(help_text)
        return 0 if arguments[0] in ("-h", "--help") else USAGE
    loaded = load_settings()
    return USAGE if complain(loaded) else loaded.settings


def say_unreadable(store: DiskStore) -> bool:
    """Say what of the state could not be read: else it would look as if nothing had been there."""
    complaints = store.complaints()
    sys.stdout.flush()
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return bool(complaints)


def complain(loaded: Loaded, stream: TextIO | None = None) -> bool:
    """Print every mistake, one a line; answers whether one of them is fatal."""
    language = loaded.settings.language
    warning = "注意: " if language == "ja" else "warning: "
    sys.stdout.flush()
    for mistake in loaded.mistakes:
        line = f"{'' if mistake.fatal else warning}{mistake.line(language)}"
        print(line, file=stream or sys.stderr)
    return loaded.fatal
