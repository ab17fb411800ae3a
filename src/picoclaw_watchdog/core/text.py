"""A sentence of a command, in English and Japanese."""

from picoclaw_watchdog.light import NamedTuple


class Text(NamedTuple):
    """One sentence in both languages; `{name}` are filled in."""

    en: str
    ja: str

    def say(self, language: str, **facts: object) -> str:
        """The sentence in `ja`, or else in English."""
        return (self.ja if language.startswith("ja") else self.en).format(**facts)
