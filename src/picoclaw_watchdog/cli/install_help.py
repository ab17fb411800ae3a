"""What `install`, `enable`, `disable` and `uninstall` say of themselves."""

from picoclaw_watchdog.cli.helping import Help

_USAGE = "picoclaw-watchdog {} [--language en|ja]"
_OPTIONS = {
    "en": (("--language en|ja", "other than the settings say"),),
    "ja": (("--language en|ja", "設定と異なる言語で表示します"),),
}
_FAILED = {"en": ("1", "it did not work"), "ja": ("1", "失敗した")}
_WRONG = {"en": ("2", "wrong usage"), "ja": ("2", "使い方の誤り")}


def _help(command: str, language: str, about: str, *statuses: tuple[str, str]) -> Help:
    return Help(
        usage=_USAGE.format(command),
        about=about,
        options=_OPTIONS[language],
        statuses=statuses,
        examples=(f"picoclaw-watchdog {command}",),
    )


HELP = {
    "install": {
        "en": _help(
            "install",
            "en",
            "Puts the program into ~/.local/share/picoclaw, its units where systemd --user looks "
            "for them, and a private ~/.picoclaw/.env if there is none; says what is missing. "
            "After an update: once more.",
            ("0", "installed"),
            _FAILED["en"],
            ("2", "wrong usage, or mistakes in the settings"),
        ),
        "ja": _help(
            "install",
            "ja",
            "プログラムを ~/.local/share/picoclaw に、ユニットを systemd --user の場所に置き、"
            "~/.picoclaw/.env がなければ本人だけが読める形で作ります。足りないものを知らせます。"
            "更新後にも実行してください。",
            ("0", "インストールした"),
            _FAILED["ja"],
            ("2", "使い方か設定の誤り"),
        ),
    },
    "enable": {
        "en": _help(
            "enable",
            "en",
            "Begins to watch: by the timer, and at once when the gateway fails or a kick is asked "
            "for.",
            ("0", "enabled"),
            ("1", "it did not work, or it is not installed"),
            _WRONG["en"],
        ),
        "ja": _help(
            "enable",
            "ja",
            "監視を始めます。タイマーで、また Gateway の異常終了時とキックの要求時には直ちに"
            "実行されます。",
            ("0", "有効にした"),
            ("1", "失敗した、またはインストールされていない"),
            _WRONG["ja"],
        ),
    },
    "disable": {
        "en": _help(
            "disable",
            "en",
            "Stops watching; a cycle that runs is left to end. For a while only, "
            "`picoclaw-watchdog pause 2h` is better: it ends by itself.",
            ("0", "disabled"),
            _FAILED["en"],
            _WRONG["en"],
        ),
        "ja": _help(
            "disable",
            "ja",
            "監視をやめます。実行中の周期は最後まで続きます。一時的なら、自動で再開する "
            "`picoclaw-watchdog pause 2h` をお使いください。",
            ("0", "無効にした"),
            _FAILED["ja"],
            _WRONG["ja"],
        ),
    },
    "uninstall": {
        "en": _help(
            "uninstall",
            "en",
            "Removes all that `install` put in place. Settings, state and logs stay.",
            ("0", "removed"),
            _FAILED["en"],
            _WRONG["en"],
        ),
        "ja": _help(
            "uninstall",
            "ja",
            "`install` が置いたものをすべて削除します。設定、状態、ログは残ります。",
            ("0", "削除した"),
            _FAILED["ja"],
            _WRONG["ja"],
        ),
    },
}
