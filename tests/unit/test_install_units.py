"""The units as values of the settings."""

import re
from pathlib import Path

import pytest

from picoclaw_watchdog.core.settings import Settings
from picoclaw_watchdog.install.files import Fate, Folders, Item, link, put
from picoclaw_watchdog.install.interval import is_stale, longest_cycle
from picoclaw_watchdog.install.places import Places, places
from picoclaw_watchdog.install.units import TEMPLATES, set_key, write_units

SETTINGS = Settings(kick_file="/home/pico/.picoclaw/state/watchdog/kick_request")
BY_SYSTEMD = {"INVOCATION_ID": "0"}
ROOT = Path(__file__).parents[2]


def home_with_a_program(folder: Path) -> Places:
    """Systemd looks whether what it is to start can be started."""
    where = places({}, str(folder))
    python = Path(where.venv, "bin/python")
    python.parent.mkdir(parents=True, exist_ok=True)
    if not python.exists():
        python.symlink_to("/bin/true")
    return where


def written(folder: Path, settings: Settings) -> dict[str, str]:
    where = home_with_a_program(folder)
    write_units(where, settings, {"PATH": "/usr/bin"}, Folders(f"{folder}/record"))
    units = Path(where.units)
    return {
        str(path.relative_to(units)): path.read_text()
        for path in units.rglob("*.*")
        if path.is_file()
    }


def test_the_timer_has_the_interval_and_none_of_the_shapes_that_die(tmp_path: Path) -> None:
    timer = written(tmp_path, SETTINGS._replace(interval_sec=90))["picoclaw-watchdog.timer"]
    keys = dict(re.findall(r"^(\w+)=(.*)$", timer, re.MULTILINE))
    assert keys["OnUnitActiveSec"] == "90"
    assert keys["OnActiveSec"] == "5"
    assert not {"Persistent", "OnBootSec", "OnStartupSec"} & keys.keys()


def test_a_short_interval_gets_the_accuracy_it_needs(tmp_path: Path) -> None:
    timer = written(tmp_path, SETTINGS._replace(interval_sec=1))["picoclaw-watchdog.timer"]
    assert "AccuracySec=100ms\n" in timer
    assert "OnActiveSec=1\n" in timer


def test_the_time_limits_are_above_the_longest_honest_cycle(tmp_path: Path) -> None:
    settings = SETTINGS._replace(
        local_timeout_sec=20, restart_verify_sec=300, stop_timeout_sec=60, ollama_retry_sec=30
    )
    units = written(tmp_path, settings)
    limit = longest_cycle(settings)
    # Two looks that both wait, the longest backoff, a stop by force, a verification, Ollama.
    assert limit > 2 * 20 + 30 + 2 * 60 + 300 + 30
    assert f"TimeoutStartSec={limit}\n" in units["picoclaw-watchdog.service"]
    assert f"WatchdogSec={limit}\n" in units["picoclaw-watchdog-loop.service"]


def test_the_units_as_shipped_have_the_limit_of_the_default_settings() -> None:
    limit = longest_cycle(Settings())
    for name, key in (("", "TimeoutStartSec"), ("-loop", "WatchdogSec")):
        text = Path(f"{TEMPLATES}/picoclaw-watchdog{name}.service").read_text("utf-8")
        assert f"{key}={limit}\n" in text


def test_a_burst_of_triggers_cannot_switch_the_services_off(tmp_path: Path) -> None:
    units = written(tmp_path, SETTINGS)
    for name in ("picoclaw-watchdog.service", "picoclaw-watchdog-loop.service"):
        assert "StartLimitIntervalSec=0\n" in units[name]
        assert "StandardOutput=" not in units[name]


def test_the_path_unit_cannot_spin_on_a_request_that_stays(tmp_path: Path) -> None:
    unit = written(tmp_path, SETTINGS)["picoclaw-watchdog.path"]
    assert f"PathChanged={SETTINGS.kick_file}\n" in unit
    assert not re.search("^PathExists=", unit, re.MULTILINE)


def test_pico_home_and_the_locale_reach_the_service(tmp_path: Path) -> None:
    where = home_with_a_program(tmp_path)
    environ = {
        "PATH": "/usr/bin",
        "PICO_HOME": "/srv/my pico",
        "LANG": "C",
        "LC_ALL": "ja_JP.UTF-8",
    }
    write_units(where, SETTINGS, environ, Folders(f"{tmp_path}/record"))
    service = Path(where.units, "picoclaw-watchdog.service").read_text()
    assert 'Environment="PICO_HOME=/srv/my pico"\n' in service
    assert "Environment=LANG=ja_JP.UTF-8\n" in service


def test_units_are_stale_once_a_setting_they_depend_on_changed(tmp_path: Path) -> None:
    written(tmp_path, SETTINGS)
    assert not is_stale(BY_SYSTEMD, str(tmp_path), SETTINGS)
    for changed in (
        SETTINGS._replace(interval_sec=61),
        SETTINGS._replace(restart_verify_sec=500),
        SETTINGS._replace(gateway_service="other.service"),
        SETTINGS._replace(kick_file="/elsewhere"),
    ):
        assert is_stale(BY_SYSTEMD, str(tmp_path), changed)


def test_only_systemds_own_start_can_find_units_stale(tmp_path: Path) -> None:
    written(tmp_path, SETTINGS)
    assert not is_stale({}, str(tmp_path), SETTINGS._replace(interval_sec=61))


def test_a_timer_that_is_not_ours_or_not_there_is_never_stale(tmp_path: Path) -> None:
    assert not is_stale(BY_SYSTEMD, str(tmp_path), SETTINGS)
    units = Path(places({}, str(tmp_path)).units)
    units.mkdir(parents=True)
    (units / "picoclaw-watchdog.timer").write_text("[Timer]\nOnUnitActiveSec=5\n")
    assert not is_stale(BY_SYSTEMD, str(tmp_path), SETTINGS)


def test_a_key_that_a_template_does_not_have_once_is_refused() -> None:
    assert set_key("a=1\nb=2\n", "b", r"\1") == "a=1\nb=\\1\n"
    for text in ("", "b=1\nb=2\n"):
        with pytest.raises(ValueError, match="b="):
            set_key(text, "b", "3")


def test_the_repositorys_units_and_scripts_are_the_templates_themselves() -> None:
    for folder, pattern in (("systemd/user", "*"), ("scripts", "*.sh")):
        names = [path for path in (ROOT / folder).rglob(pattern) if not path.is_dir()]
        assert names
        for path in names:
            assert path.is_symlink()
            assert path.resolve().is_relative_to(Path(TEMPLATES).parent)


def test_putting_a_file_says_what_it_did_and_replaces_a_link_not_its_target(tmp_path: Path) -> None:
    target, path = tmp_path / "target", tmp_path / "path"
    target.write_text("the owner's")
    path.symlink_to(target)
    name = str(path)
    assert put(name, "new") == Item(name, Fate.REPLACED)
    assert put(name, "new") == Item(name, Fate.SAME)
    assert put(name, "new", 0o600) == Item(name, Fate.REPLACED)
    assert path.stat().st_mode & 0o777 == 0o600
    assert target.read_text() == "the owner's"
    assert link(name, "target") == Item(name, Fate.REPLACED)
    assert link(name, "target") == Item(name, Fate.SAME)
    assert sorted(tmp_path.iterdir()) == [path, target], "no temporary file stays"


def test_only_folders_that_were_made_and_are_empty_are_removed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    record = str(tmp_path / "record")
    folders = Folders(record)
    folders.make(str(tmp_path / "there/a/b"))
    folders.make(str(tmp_path / "there/c"))
    folders.keep()
    (tmp_path / "there/c/owners").touch()
    again = Folders(record)
    again.remove()
    left = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")}
    assert left == {"record", "there", "there/c", "there/c/owners"}
