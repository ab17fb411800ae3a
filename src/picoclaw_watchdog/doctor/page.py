"""The diagnosis on paper: for a terminal of any width, and for programs."""

from collections.abc import Callable, Iterable, Mapping, Sequence

from picoclaw_watchdog.doctor import Entry
from picoclaw_watchdog.doctor.finding import Area, Finding, Fix, State
from picoclaw_watchdog.doctor.fixing import Fixed
from picoclaw_watchdog.terminal.columns import width
from picoclaw_watchdog.terminal.paint import Style, Terminal

INDENT = 6
TROUBLE = (State.UNKNOWN, State.WARN, State.BAD)  # the gravest last: it is read first on a phone

MARKS = {
    "en": {
        State.OK: "ok",
        State.SKIPPED: "skip",
        State.UNKNOWN: "?",
        State.WARN: "warn",
        State.BAD: "BAD",
    },
    "ja": {
        State.OK: "正常",
        State.SKIPPED: "省略",
        State.UNKNOWN: "不明",
        State.WARN: "注意",
        State.BAD: "異常",
    },
}
STYLES = {
    State.OK: Style.GOOD,
    State.SKIPPED: Style.DIM,
    State.UNKNOWN: Style.WARN,
    State.WARN: Style.WARN,
    State.BAD: Style.BAD,
}
TITLES = {
    "en": {
        Area.PROGRAM: "Program",
        Area.SYSTEMD: "systemd",
        Area.GATEWAY: "Gateway",
        Area.TAILSCALE: "Tailscale",
        Area.MESSAGES: "Messages",
        Area.OLLAMA: "Ollama",
        Area.SETTINGS: "Settings",
        Area.MACHINE: "This machine",
    },
    "ja": {
        Area.PROGRAM: "プログラム",
        Area.SYSTEMD: "systemd",
        Area.GATEWAY: "Gateway",
        Area.TAILSCALE: "Tailscale",
        Area.MESSAGES: "通知",
        Area.OLLAMA: "Ollama",
        Area.SETTINGS: "設定",
        Area.MACHINE: "このマシン",
    },
}
LABELS = {
    "en": {
        "trouble": "To look at",
        "all_well": "{host}: all {ok} checks are in order",
        "counts": "{host}: {bad} to mend, {warn} to watch, {unknown} unknown, {ok} in order",
        "fixable": "{number} of these can be mended by: picoclaw-watchdog doctor --fix",
        "mended": "mended",
        "not_mended": "not mended",
    },
    "ja": {
        "trouble": "確認が必要な項目",
        "all_well": "{host}: {ok} 項目すべて正常です",
        "counts": "{host}: 異常 {bad}、注意 {warn}、不明 {unknown}、正常 {ok}",
        "fixable": "このうち {number} 件は自動で直せます: picoclaw-watchdog doctor --fix",
        "mended": "修復",
        "not_mended": "修復できず",
    },
}
FIXES = {
    "en": {
        Fix.PROTECT: "closed to other users: {path}",
        Fix.MAKE_FOLDERS: "made {path}",
        Fix.RELOAD: "systemd has read the units anew",
        Fix.INSTALL: "program and units written anew",
        Fix.ENABLE: "the watch is enabled",
        Fix.REARM: "the timer is armed again",
        Fix.RESET_FAILED: "forgot the failure of {path}",
        Fix.MOVE_PID: "moved aside: {path}",
    },
    "ja": {
        Fix.PROTECT: "他のユーザーから保護しました: {path}",
        Fix.MAKE_FOLDERS: "作成しました: {path}",
        Fix.RELOAD: "ユニットを読み直しました",
        Fix.INSTALL: "プログラムとユニットを書き直しました",
        Fix.ENABLE: "監視を有効にしました",
        Fix.REARM: "タイマーを動かし直しました",
        Fix.RESET_FAILED: "{path} の失敗記録を消しました",
        Fix.MOVE_PID: "退避しました: {path}",
    },
}


class Page:
    """Puts findings on paper."""

    def __init__(self, language: str, on: Terminal) -> None:
        self._language = language
        self._on = on
        self._say = LABELS[language]

    def whole(self, entries: Sequence[Entry], host: str) -> list[str]:
        """What is in order by area, then what is not, then the sum."""
        lines = []
        for area in Area:
            here = [e.finding for e in entries if e.area is area and e.finding.state not in TROUBLE]
            if here:
                lines.append(self._on.paint(TITLES[self._language][area], Style.HEAD))
                for finding in here:
                    lines += self._finding(finding)
        return [*lines, *([""] if lines else []), *self.troubles(entries, host)]

    def troubles(self, entries: Sequence[Entry], host: str) -> list[str]:
        """What is not in order, the gravest last, and the sum."""
        wrong = [e for state in TROUBLE for e in entries if e.finding.state is state]
        lines = []
        if wrong:
            lines.append(self._on.paint(self._say["trouble"], Style.HEAD))
            for entry in wrong:
                lines += self._finding(entry.finding)
            lines.append("")
        return lines + self._sum(entries, host)

    def fixes(self, fixed: Iterable[Fixed], short: Callable[[str], str]) -> list[str]:
        """What was mended, and what could not be."""
        lines = []
        for each in fixed:
            what = FIXES[self._language][each.fix].format(path=short(each.path))
            label = "not_mended" if each.why_not else "mended"
            text = f"{self._say[label]}: {what}" + (f" ({each.why_not})" if each.why_not else "")
            lines += self._on.text(text, Style.BAD if each.why_not else Style.GOOD)
        return [*lines, ""] if lines else []

    def _finding(self, finding: Finding) -> list[str]:
        mark = MARKS[self._language][finding.state]
        head = self._on.paint(mark, STYLES[finding.state]) + " " * (INDENT - width(mark))
        lines = self._on.text(finding.says(self._language), indent=INDENT, first=head)
        remedy = finding.remedy(self._language) if finding.state in TROUBLE else ""
        if not remedy:
            return lines
        if finding.words.remedy_ja:  # words, not a command
            return lines + self._on.text(f"-> {remedy}", indent=INDENT)
        # Never broken, so that it can be copied: the terminal itself breaks it without harm.
        return [*lines, " " * (INDENT - 2) + self._on.paint(f"$ {remedy}", Style.COMMAND)]

    def _sum(self, entries: Sequence[Entry], host: str) -> list[str]:
        numbers = counts(entries)
        fixable = sum(e.finding.fix is not None for e in entries if e.finding.state in TROUBLE)
        wrong = sum(numbers[state.value] for state in TROUBLE)
        text = self._say["counts" if wrong else "all_well"].format(host=host, **numbers)
        style = Style.BAD if numbers["bad"] else Style.WARN if wrong else Style.GOOD
        lines = self._on.text(text, style)
        if fixable:
            lines += self._on.text(self._say["fixable"].format(number=fixable))
        return lines


def counts(entries: Iterable[Entry]) -> dict[str, int]:
    """How many there are of each state."""
    numbers = {state.value: 0 for state in State}
    for entry in entries:
        numbers[entry.finding.state.value] += 1
    return numbers


def document(
    entries: Sequence[Entry], fixed: Iterable[Fixed], host: str, language: str
) -> Mapping[str, object]:
    """The diagnosis for programs."""
    return {
        "host": host,
        "counts": counts(entries),
        "checks": [
            {
                "area": area.value,
                "check": check,
                "state": finding.state.value,
                "says": finding.says(language),
                "remedy": finding.remedy(language),
                "fixable": finding.fix is not None,
            }
            for area, check, finding in entries
        ],
        "fixed": [
            {"fix": each.fix.value, "path": each.path, "why_not": each.why_not} for each in fixed
        ],
    }
