"""`make bench`: what it keeps, and the page that it writes."""

import json
import sys
from pathlib import Path

import pytest
from benchmarks import __main__ as bench
from benchmarks import page

DOCS = Path(__file__).parents[2] / "docs"
SPEED = {
    "weeks": 1,
    "cpu_s": 2.0,
    "cycles_run": 3,
    "cycles_leapt": 4,
    "broken": 0,
    "years_a_minute": 5.0,
}


def test_the_page_says_what_the_kept_figures_say(tmp_path: Path) -> None:
    (tmp_path / "performance").mkdir()
    page.write(json.loads((DOCS / "performance/figures.json").read_text("utf-8")), tmp_path)
    for path in (Path("performance.md"), *Path(tmp_path, "performance").iterdir()):
        relative = path.relative_to(tmp_path) if path.is_absolute() else path
        assert (tmp_path / relative).read_text("utf-8") == (DOCS / relative).read_text("utf-8")


def test_a_part_that_fails_costs_no_other_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(short: bool) -> object:  # noqa: FBT001
        raise OSError(f"no room: {short}")

    monkeypatch.setitem(bench.MEASURES, "scale", fails)
    monkeypatch.setitem(bench.MEASURES, "simulator", lambda _: SPEED)
    parts = ("--only", "scale", "simulator", "--out", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["benchmarks", *parts])
    assert bench.main() == 1
    kept = json.loads((tmp_path / "performance/figures.json").read_text("utf-8"))
    assert kept["simulator"] == SPEED
    assert "scale" not in kept
    assert "**5.0 years a minute**" in (tmp_path / "performance.md").read_text("utf-8")
