"""Print the policy table into docs/recovery.md: `python scripts/policy.py`.

What is said there of an ill stands in `core/ills.py` and nowhere else; a test holds them equal.
"""

import sys
from pathlib import Path

from picoclaw_watchdog.core.ills import A_DAY, Confirm, Rule, rule_of
from picoclaw_watchdog.core.reasons import Hold, Ill
from picoclaw_watchdog.core.targets import Verb
from picoclaw_watchdog.core.wording import cause_words, hold_words, topic_words

PAGE = Path(__file__).resolve().parents[1] / "docs" / "recovery.md"
CONFIRMED = {
    Confirm.AT_ONCE: "at once",
    Confirm.SECOND_LOOK: "after a second look",
    Confirm.SECOND_CYCLE: "after a second look, in the second cycle",
    Confirm.SECOND_FAILURE: "at the second failure",
}
REMEDIES = {Verb.RESTART: "restart", Verb.RECOVER: "restore the entry"}


def tables() -> dict[str, str]:
    """The generated parts of the page, by the name of their place."""
    return {"ills": _table(_ills()), "holds": _table(_holds())}


def filled(page: str) -> str:
    """The page with its generated parts as the code has them."""
    for name, table in tables().items():
        begin, end = f"<!-- {name}: made by scripts/policy.py -->\n", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, found, after = rest.partition(end)
        if not found:
            raise ValueError(f"{PAGE.name} has no place for {name}")
        page = f"{before}{begin}\n{table}\n{end}{after}"
    return page


def _table(rows: list[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |\n" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]) + "\n")
    return "".join(lines)


def _ills() -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("of", "ill", "meaning", "what is done", "what explains it", "told", "gravity")
    ]
    for ill in Ill:
        rule = rule_of(ill)
        explained = ", ".join(kind.value for kind in rule.explained_by)
        meaning = cause_words(ill, "en")
        row = (rule.kind.value, f"`{ill.value}`", meaning, _done(rule), explained, _told(rule))
        rows.append((*row, rule.gravity.value if rule.told is not None else ""))
    return rows


def _done(rule: Rule) -> str:
    if rule.remedy is None:
        return "nothing"
    most = f", {rule.most} for the incident" if rule.most is not None else ""
    return f"{REMEDIES[rule.remedy]} {CONFIRMED[rule.confirm]}{most}"


def _told(rule: Rule) -> str:
    if rule.told is None:
        return "not told"
    after = f" from cycle {rule.patience} on" if rule.patience > 1 else " at once"
    often = ", once a day" if rule.pause >= A_DAY else ""
    return f"“{topic_words(rule.told, 'en')}”{after}{often}"


def _holds() -> list[tuple[str, ...]]:
    return [("reason", "meaning"), *((f"`{each.value}`", hold_words(each, "en")) for each in Hold)]


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
