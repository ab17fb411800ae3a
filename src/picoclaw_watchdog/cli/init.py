"""`picoclaw-watchdog init`: set a host up in five minutes."""

import os
import sys

from picoclaw_watchdog.cli import notify_test, status
from picoclaw_watchdog.cli.arguments import LANGUAGE, Known, Typed, misused, typed_in
from picoclaw_watchdog.cli.doctor import case_of_this_host
from picoclaw_watchdog.cli.helping import Help
from picoclaw_watchdog.cli.loading import load_settings
from picoclaw_watchdog.core.foreign import without
from picoclaw_watchdog.core.ours import secrets_of
from picoclaw_watchdog.doctor import look_and_judge
from picoclaw_watchdog.doctor.page import Page
from picoclaw_watchdog.doctor.seen import Case
from picoclaw_watchdog.host.machine import Machine
from picoclaw_watchdog.init import wording
from picoclaw_watchdog.init.deciding import Refused, Wishes, decide
from picoclaw_watchdog.init.doing import enable, install, write_settings
from picoclaw_watchdog.init.finding_out import Change
from picoclaw_watchdog.init.talk import NobodyThere, Talk
from picoclaw_watchdog.settings.load import Loaded
from picoclaw_watchdog.settings.schema import BY_FIELD
from picoclaw_watchdog.settings.values import is_recipient
from picoclaw_watchdog.store.files import reason
from picoclaw_watchdog.terminal.paint import show, terminal_of

DONE = 0
FAILED = 1
USAGE = 2
INTERRUPTED = 130

KNOWN = Known(
    flags=frozenset({"--yes", "--token-stdin", "--no-test"}),
    valued=frozenset({"--to"}),
    choices=LANGUAGE,
    short={"-y": "--yes"},
)
HELP = {
    "en": Help(
        usage="picoclaw-watchdog init [--yes] [--to ID] [--token-stdin]",
        about="Sets this host up: finds out what it can, asks the rest, checks it with LINE, "
        "writes ~/.picoclaw/.env (what is in it stays), installs, begins to watch, sends a test "
        "message. Can be run again at any time.",
        options=(
            ("--yes", "ask nothing: what cannot be found out stays as it is"),
            ("--to ID", "the LINE ID that is told"),
            ("--token-stdin", "read the LINE channel access token from standard input"),
            ("--no-test", "send no test message"),
            ("--language en|ja", "of the messages, where the locale does not say it"),
        ),
        statuses=(
            ("0", "done; what is left to do is listed"),
            ("1", "it did not work, or LINE refuses"),
            ("2", "wrong usage, or mistakes in the settings"),
        ),
        examples=(
            "picoclaw-watchdog init",
            "picoclaw-watchdog init --yes --to U0123... --token-stdin < token",
        ),
    ),
    "ja": Help(
        usage="picoclaw-watchdog init [--yes] [--to ID] [--token-stdin]",
        about="このホストを設定します。調べられることは調べ、残りだけを尋ね、LINE に確認してから "
        "~/.picoclaw/.env に書き（既存の内容は残します）、インストールして監視を始め、"
        "テスト通知を送ります。何度でも実行できます。",
        options=(
            ("--yes", "何も尋ねません。分からないものはそのままにします"),
            ("--to ID", "通知先の LINE ID"),
            ("--token-stdin", "LINE のトークンを標準入力から読みます"),
            ("--no-test", "テスト通知を送りません"),
            ("--language en|ja", "通知と表示の言語"),
        ),
        statuses=(
            ("0", "完了（残りの作業は一覧に表示）"),
            ("1", "失敗、または LINE が拒否"),
            ("2", "使い方か設定の誤り"),
        ),
        examples=("picoclaw-watchdog init",),
    ),
}
# What is wrong with these is what the questions are about.
ASKED = ("line_notify_enabled", "line_notify_to", "line_channel_access_token")


def main(arguments: list[str]) -> int:
    """Set up, or say why not."""
    asked = typed_in("init", arguments, KNOWN, HELP)
    if isinstance(asked, int):
        return asked
    loaded, typed = asked
    case = case_of_this_host(loaded)
    language = case.settings.language
    wishes = _wishes(typed)
    wrongly = _wrongly(typed, wishes, language)
    if wrongly:
        return misused("init", wrongly, HELP, language)
    return _answered(_Setting(case, wishes, typed.colour))


def _wishes(typed: Typed) -> Wishes:
    return Wishes(
        yes="--yes" in typed.flags,
        token=sys.stdin.readline().strip() if "--token-stdin" in typed.flags else "",
        to=typed.values.get("--to", ""),
        language=typed.values.get("--language", ""),
        test="--no-test" not in typed.flags,
    )


def _wrongly(typed: Typed, wishes: Wishes, language: str) -> str:
    """What is wrong with the wishes; empty where nothing is."""
    if wishes.to and not is_recipient(wishes.to):
        return f"--to: {wording.NOT_AN_ID.say(language, length=len(wishes.to))}"
    if "--token-stdin" in typed.flags and not wishes.token:
        return f"--token-stdin: {wording.NO_TOKEN.say(language)}"
    return ""


def _answered(setting: "_Setting") -> int:
    try:
        return setting.up()
    except NobodyThere:
        setting.talk.bad(wording.NO_ANSWER)
    except Refused:
        setting.talk.say(wording.NOTHING_DONE)
    except OSError as error:
        setting.talk.bad(wording.FAILED, why=f"{error.filename}: {reason(error)}")
    except KeyboardInterrupt:
        print(flush=True)
        setting.talk.bad(wording.INTERRUPTED, what=setting.state.say(setting.talk.language))
        return INTERRUPTED
    return FAILED


class _Setting:
    """Setting one host up; `state` says how far it has come, for the owner who interrupts it."""

    def __init__(self, case: Case, wishes: Wishes, colour: str) -> None:
        self.state = wording.NOTHING_DONE
        self._case, self._wishes, self._colour = case, wishes, colour
        language = wishes.language or case.settings.language
        self.talk = Talk(language, terminal_of(sys.stdout, os.environ, colour), self._hidden)

    def up(self) -> int:
        """The whole of it."""
        talk, case = self.talk, self._case
        talk.title(wording.TITLE, host=Machine().name(), user=case.user)
        if not os.getuid():
            talk.warn(wording.AS_ROOT.say(talk.language))
        if _has_other_mistakes(case.loaded, talk):
            return USAGE
        changes = decide(talk, case, self._wishes)
        if not self._wishes.yes and not self._confirmed(changes):
            talk.say(wording.NOTHING_DONE)
            return FAILED
        talk.title(wording.SETTING_UP)
        write_settings(talk, case, changes)
        self.state = wording.STATE_WRITTEN
        self._case = case = case._replace(loaded=load_settings())
        if _has_other_mistakes(case.loaded, talk, but=()):
            return USAGE
        worked = install(talk, case)
        self.state = wording.STATE_INSTALLED
        worked = worked and enable(talk, case)
        return self._prove(worked=worked)

    def _confirmed(self, changes: list[Change]) -> bool:
        del changes  # all of them have been shown
        env = self._case.short(self._case.env_file)
        return self.talk.ask(wording.CONFIRM, "Y", env=env).lower() in ("y", "yes", "はい")

    def _prove(self, *, worked: bool) -> int:
        """A message, the status, and what is left to do."""
        talk, case = self.talk, self._case
        channels = notify_test.channel_names(case.settings)
        if not case.settings.line_notify_enabled:
            talk.warn(wording.WITHOUT_LINE.say(talk.language))
        if channels and self._wishes.test:
            talk.title(wording.TEST)
            arguments = ["--color", self._colour]
            worked = notify_test.main(arguments) == notify_test.ALL_TOOK_IT and worked
        talk.title(wording.STATUS)
        status.main(["--color", self._colour])
        talk.title(wording.DOCTOR)
        page = Page(talk.language, terminal_of(sys.stdout, os.environ, self._colour))
        lines = page.troubles(look_and_judge(case), Machine().name())
        show(sys.stdout, [self._hidden(line) for line in lines])
        return DONE if worked else FAILED

    def _hidden(self, text: str) -> str:
        """The text without secrets, whoever may have put one into it."""
        return without((*secrets_of(self._case.settings), self._wishes.token), text)


def _has_other_mistakes(loaded: Loaded, talk: Talk, but: tuple[str, ...] = ASKED) -> bool:
    """Whether something is wrong that no question of ours is about; it is said."""
    asked = {BY_FIELD[field].name for field in but}
    fatal = [each for each in loaded.mistakes if each.fatal and each.key not in asked]
    for mistake in fatal:
        talk.bad(wording.PLAIN, said=mistake.line(talk.language))
    if fatal:
        talk.say(wording.MISTAKES)
    return bool(fatal)
