"""A home folder with settings in it, for the tests of the settings."""

import json
from pathlib import Path

from picoclaw_watchdog.settings.load import Loaded, load
from picoclaw_watchdog.settings.mistakes import Flaw

P = "PICOCLAW_WATCHDOG_"
TOKEN = "PICOCLAW_CHANNELS_LINE_CHANNEL_ACCESS_TOKEN"
SECRET = "PICOCLAW_CHANNELS_LINE_CHANNEL_SECRET"


class Home:
    """A home folder with PicoClaw's files in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder = path / ".picoclaw"
        self.folder.mkdir(parents=True)
        self.env = self.folder / ".env"
        self.config = self.folder / "config.json"

    def load(self, **environ: str) -> Loaded:
        return load(environ, str(self.path))

    def with_env(self, text: str | bytes) -> "Home":
        self.env.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.env.chmod(0o600)
        return self

    def with_config(self, document: object) -> "Home":
        self.config.write_text(json.dumps(document, indent=2))
        return self


def flaws(loaded: Loaded) -> list[Flaw]:
    return [mistake.flaw for mistake in loaded.mistakes]
