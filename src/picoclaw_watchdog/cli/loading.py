"""Read the settings for a command, and say what is wrong with them."""

import os
import sys
from typing import TextIO

from picoclaw_watchdog.settings.load import Loaded, load


def load_settings() -> Loaded:
    """The settings of this user on this host."""
    return load(os.environ, os.path.expanduser("~"))


def complain(loaded: Loaded, stream: TextIO | None = None) -> bool:
    """Print every mistake, one a line; answers whether one of them is fatal."""
    language = loaded.settings.language
    warning = "注意: " if language == "ja" else "warning: "
    sys.stdout.flush()
    for mistake in loaded.mistakes:
        line = f"{'' if mistake.fatal else warning}{mistake.line(language)}"
        print(line, file=stream or sys.stderr)
    return loaded.fatal
