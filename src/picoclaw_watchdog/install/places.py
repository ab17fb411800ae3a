"""Where an installation lies."""

from collections.abc import Mapping

from picoclaw_watchdog.light import NamedTuple

SERVICE = "picoclaw-watchdog.service"
TIMER = "picoclaw-watchdog.timer"
PATH = "picoclaw-watchdog.path"
LOOP = "picoclaw-watchdog-loop.service"
UNITS = (SERVICE, TIMER, PATH, LOOP)
ENABLED = (TIMER, PATH)  # what `enable` enables; the loop is the owner's choice
DROP_IN = "50-watchdog.conf"
HARDENING = "50-hardening.conf"
STAMP = "stamp-picoclaw-watchdog.timer"


class Places(NamedTuple):
    """Folders and files of one user's installation."""

    home: str
    config: str  # XDG_CONFIG_HOME: systemd looks for units there
    share: str  # XDG_DATA_HOME: systemd keeps the stamps of timers there

    @property
    def data(self) -> str:
        """Everything of ours that is no unit. The name is fixed, whatever XDG_DATA_HOME says."""
        return f"{self.home}/.local/share/picoclaw"

    @property
    def venv(self) -> str:
        """A link to the program's folder: the only thing an update has to switch."""
        return f"{self.data}/venv"

    @property
    def scripts(self) -> str:
        """The founding document's wrapper scripts."""
        return f"{self.data}/scripts"

    @property
    def folders_made(self) -> str:
        """A list of the folders that the install made, for the uninstall."""
        return f"{self.data}/folders"

    @property
    def skill_note(self) -> str:
        """Which text of the skill was written, and where."""
        return f"{self.data}/skill"

    @property
    def command(self) -> str:
        """The command, where a shell finds it."""
        return f"{self.home}/.local/bin/picoclaw-watchdog"

    @property
    def apprise(self) -> str:
        """An environment with the Apprise library, for channels beside LINE."""
        return f"{self.data}/apprise"

    @property
    def documents(self) -> dict[str, str]:
        """Where shells and `man` look for what is ours: by `bash`, `zsh`, `fish` and `man`."""
        return {
            "bash": f"{self.share}/bash-completion/completions/picoclaw-watchdog",
            "zsh": f"{self.data}/completions/_picoclaw-watchdog",
            "fish": f"{self.config}/fish/completions/picoclaw-watchdog.fish",
            "man": f"{self.home}/.local/share/man/man1/picoclaw-watchdog.1",
        }

    @property
    def units(self) -> str:
        """Where the user's own units are."""
        return f"{self.config}/systemd/user"

    @property
    def stamp(self) -> str:
        """What a timer with Persistent=, as the shell implementation's was, leaves behind."""
        return f"{self.share}/systemd/timers/{STAMP}"


def places(environ: Mapping[str, str], home: str) -> Places:
    """The places of this user. Relative XDG folders do not count, as their specification says."""
    config, share = (
        path if path.startswith("/") else f"{home}/{default}"
        for path, default in (
            (environ.get("XDG_CONFIG_HOME", ""), ".config"),
            (environ.get("XDG_DATA_HOME", ""), ".local/share"),
        )
    )
    return Places(home, config, share)
