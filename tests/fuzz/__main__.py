"""Coverage-guided fuzzing of whatever reads what others wrote.

    python -m tests.fuzz                          the targets
    python -m tests.fuzz http --minutes 10        search
    python -m tests.fuzz http FILE                run one input again
    python -m tests.fuzz http --merge FOLDER      keep what reaches new code in the corpus
    python -m tests.fuzz --seeds                  write every corpus' seeds

Further words that begin with a dash go to libFuzzer. What is found new stays in a folder of its
own, which is named first; an input that breaks a promise lies there as `crash-...`.
"""

import argparse
import os
import sys
import tempfile

from tests.fuzz.targets import CORPUS, TARGETS, check_of, write_seeds


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("target", nargs="?", choices=sorted(TARGETS))
    parser.add_argument("--minutes", type=float, default=0, help="how long; 0: until stopped")
    parser.add_argument("--merge", metavar="FOLDER", help="copy what reaches new code")
    parser.add_argument("--seeds", action="store_true", help="write the seeds")
    wanted, rest = parser.parse_known_args(words)
    if wanted.seeds:
        for name in [wanted.target] if wanted.target else TARGETS:
            write_seeds(name)
    elif wanted.target and wanted.merge:
        corpus = str(CORPUS / wanted.target)
        fuzz(wanted.target, ["-merge=1", *rest, corpus, wanted.merge])
    elif wanted.target:
        fuzz(wanted.target, [f"-max_total_time={round(wanted.minutes * 60)}", *rest])
    else:
        print("\n".join(sorted(TARGETS)))  # noqa: T201
    return 0


def fuzz(name: str, words: list[str]) -> None:
    """Hand over to libFuzzer, which ends the process; `words` are its options and folders."""
    import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

    target = TARGETS[name]
    with atheris.instrument_imports(include=list(target.covers)):
        check = check_of(name)
    options = [word for word in words if word.startswith("-")]
    folders = [word for word in words if not word.startswith("-")]
    if not folders:
        found = tempfile.mkdtemp(prefix=f"fuzz-{name}-")
        print(f"new inputs go to {found}", flush=True)  # noqa: T201
        folders = [found, str(CORPUS / name)]
        options.insert(0, f"-artifact_prefix={found}{os.sep}")
    own = [f"-max_len={target.longest}", "-timeout=20", "-rss_limit_mb=2048"]
    again = f"{sys.executable} -m tests.fuzz {name}"  # what -merge=1 runs, many times
    atheris.Setup([again, *own, *options, *folders], check)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
