"""Coverage-guided fuzzing of everything that reads the kick's files.

    python tests/fuzz/fuzz_kick_requests.py -max_total_time=600

Takes libFuzzer's options. The corpus beside it is read; what is found new stays in a folder of
its own, named at the end, and is worth copying into the corpus by `-merge=1`.
"""

import importlib
import os
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CORPUS = os.path.join(HERE, "corpus", "kick")


def main() -> None:
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    sys.path[:0] = [os.path.join(ROOT, "src"), ROOT]
    with atheris.instrument_imports(include=["picoclaw_watchdog.kick"]):
        target = importlib.import_module("tests.fuzz.kick_target")
    folders = [word for word in sys.argv[1:] if not word.startswith("-")]
    if not folders:
        found = tempfile.mkdtemp(prefix="kick-fuzz-found-")
        print(f"new inputs go to {found}", flush=True)  # noqa: T201
        folders = [found, CORPUS]
    options = [word for word in sys.argv[1:] if word.startswith("-")]
    atheris.Setup([sys.argv[0], "-max_len=4096", "-timeout=10", *options, *folders], target.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
