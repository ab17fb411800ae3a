"""Which incident is meant: by its id, by the beginning of it, by its target, or none at all."""

import os
import sys

from picoclaw_watchdog.cli.loading import say_unreadable
from picoclaw_watchdog.core import targets
from picoclaw_watchdog.store.disk import DiskStore
from picoclaw_watchdog.store.past import Brief, Story
from picoclaw_watchdog.terminal.paint import show, terminal_of

NOT_FOUND = 1
_MOST = 8  # that are named where several are meant
_WORDS = {
    "en": {
        "none": "there has been no incident yet",
        "unknown": "no incident {word!r}; see: picoclaw-watchdog incidents",
        "several": "{word!r} may be: {names}",
    },
    "ja": {
        "none": "障害はまだ一度もありません",
        "unknown": "障害 {word!r} は見つかりません。一覧: picoclaw-watchdog incidents",
        "several": "{word!r} の候補: {names}",
    },
}


class Chosen:
    """The incident that is meant; falsy where there is none, or more than one."""

    def __init__(self, store: DiskStore, words: tuple[str, ...]) -> None:
        self._store = store
        self.story: Story | None = None
        self.brief: Brief | None = None
        self._word = words[0] if words else ""
        self._names = store.incident_ids(self._word, _MOST)
        whole_target = self._word in {"", *targets.NAMES}
        if self._names and (len(self._names) == 1 or whole_target or self._word in self._names):
            self.name = self._word if self._word in self._names else self._names[0]
            self.story = store.story(self.name)
        if self.story is not None:
            since = self.story.incident.opened.wall
            briefs = store.incidents(since)
            self.brief = next((each for each in briefs if each.id == self.name), None)

    def complain(self, language: str) -> int:
        """Say why none was chosen; answers the exit status."""
        if say_unreadable(self._store):
            return NOT_FOUND
        say = _WORDS[language]
        names = ", ".join(self._names)
        text = say["several" if len(self._names) > 1 else "unknown" if self._word else "none"]
        on = terminal_of(sys.stderr, os.environ)
        show(sys.stderr, on.text(text.format(word=self._word, names=names)))
        return NOT_FOUND
