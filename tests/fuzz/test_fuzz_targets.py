"""Every promise holds for the kept corpus, and for some inputs near it."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from picoclaw_watchdog.core.model import Stop
from tests.fuzz.targets import CORPUS, TARGETS, check_of, seeds_of

ROOT = Path(__file__).parents[2]
OURS = sorted(set(TARGETS) - {"kick"})  # its tests are in test_fuzz_kick.py
SECONDS = 3


def corpus(name: str) -> list[bytes]:
    return [(CORPUS / name / each).read_bytes() for each in sorted(os.listdir(CORPUS / name))]


@pytest.mark.parametrize("name", OURS)
def test_every_input_of_the_corpus_keeps_every_promise(name: str) -> None:
    check = check_of(name)
    for each in sorted(os.listdir(CORPUS / name)):
        try:
            check((CORPUS / name / each).read_bytes())
        except Exception as error:
            error.add_note(f"corpus/{name}/{each}")
            raise


@pytest.mark.parametrize("name", OURS)
def test_the_corpus_holds_every_seed(name: str) -> None:
    kept = {each: (CORPUS / name / each).read_bytes() for each, _ in seeds_of(name)}
    assert kept == dict(seeds_of(name)), f"python -m tests.fuzz {name} --seeds"


# A target, and what is broken for it: the corpus alone must show it.
PLANTED: tuple[tuple[str, str, object], ...] = (
    ("dotenv", "settings.dotenv._after_quote", lambda lines, _at, _mark: len(lines)),
    ("dotenv", "settings.load.shown", lambda text: text),
    ("dotenv", "settings.sources.is_meant", lambda _text, *, strictly: strictly and False),
    ("config", "settings.load.close_doors", lambda _draft, _mistakes: None),
    ("config", "settings.sources.shown", lambda text: text),
    ("http", "host.http_answer.BODY_LIMIT", 10**9),
    ("http", "host.http_answer.HEADERS_LIMIT", 10**9),
    ("tailscale", "host.tailscale.clean", lambda line: line),
    ("tailscale", "host.serve_config.said", lambda text, **_: text),
    ("systemd", "probes.unit.CHANGING", ()),
    ("line", "channels.line._CONFLICT", 410),
    ("line", "channels.line._TRY_LATER", frozenset({429})),
    ("probes", "probes.public_dns.literal", lambda _text: True),
    ("probes", "probes.dependencies._DEPENDENCY", ""),
    ("state", "store.founding.switch_of", lambda _text: Stop(0.0)),
    ("state", "store.cache._count", int),
    ("state", "store.founding._NUMBER", re.compile(rb"\s*([0-9]*).*", re.DOTALL)),
    ("database", "store.database._is_hurt", lambda _error: False),
)


@pytest.mark.parametrize(("name", "place", "broken"), PLANTED, ids=[each[1] for each in PLANTED])
def test_a_planted_bug_is_noticed(
    name: str, place: str, broken: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_of(name)  # imported, and its past made, before anything is broken
    for each in corpus(name)[:2]:
        check_of(name)(each)
    monkeypatch.setattr(f"picoclaw_watchdog.{place}", broken)
    assert any(_breaks(name, each) for each in corpus(name)), "nothing was noticed"


def _breaks(name: str, data: bytes) -> bool:
    try:
        check_of(name)(data)
    except Exception:  # noqa: BLE001  # whatever it is, it was noticed
        return True
    return False


@st.composite
def near(draw: st.DrawFn, inputs: list[bytes]) -> bytes:
    """An input of the corpus with a piece replaced, at times by a piece of another one."""
    base = draw(st.sampled_from(inputs))
    start = draw(st.integers(0, len(base)))
    end = draw(st.integers(start, min(len(base), start + 40)))
    other = draw(st.sampled_from(inputs))
    cut = draw(st.integers(0, len(other)))
    piece = draw(st.one_of(st.binary(max_size=12), st.just(other[cut : cut + 60])))
    return base[:start] + piece + base[end:]


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=30, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_inputs_near_the_corpus_keep_every_promise(name: str, data: st.DataObject) -> None:
    check_of(name)(data.draw(near(corpus(name))))


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is not installed: pip install 'picoclaw-watchdog[fuzz]'",
)
@pytest.mark.parametrize("name", OURS)
def test_some_seconds_of_fuzzing_find_nothing(name: str, tmp_path: Path) -> None:
    found = str(tmp_path)
    options = [f"-max_total_time={SECONDS}", f"-artifact_prefix={found}/"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", name, *options, found, str(CORPUS / name)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs, done.stderr[-2000:]
    assert int(runs[1]) > len(os.listdir(CORPUS / name)) / 2
