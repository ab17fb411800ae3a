import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz import kick_target
from tests.fuzz.seeds import CORPUS, seeds

HERE = Path(__file__).parent
SECONDS = 5


@pytest.mark.parametrize("name", sorted(os.listdir(CORPUS)))
def test_every_input_of_the_corpus_keeps_every_promise(name: str) -> None:
    kick_target.check((CORPUS / name).read_bytes())


def test_the_corpus_holds_every_seed() -> None:
    assert {name: (CORPUS / name).read_bytes() for name, _ in seeds()} == dict(seeds())


def test_some_seeds_are_accepted_and_some_are_not() -> None:
    """Else the oracle and the code could agree on refusing everything."""
    lines = [kick_target._text(data[1:]) for _, data in seeds() if data[0] == 0]
    verdicts = [kick_target.is_rightful(line, kick_target.OPEN) for line in lines]
    assert {True, False} == set(verdicts)


def test_a_target_that_breaks_a_promise_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kick_target, "is_rightful", lambda _line, _policy: False)
    with pytest.raises(AssertionError):
        kick_target.check((CORPUS / "plain").read_bytes())


@pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is not installed: pip install 'picoclaw-watchdog[fuzz]'",
)
def test_some_seconds_of_fuzzing_find_nothing(tmp_path: Path) -> None:
    fuzzer = [sys.executable, str(HERE / "fuzz_kick_requests.py")]
    done = subprocess.run(
        [*fuzzer, f"-max_total_time={SECONDS}", str(tmp_path), str(CORPUS)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    runs = re.search(r"Done (\d+) runs", done.stderr)
    assert runs, done.stderr[-2000:]
    assert int(runs[1]) > 100
