"""A cycle's modules from one file."""

import json
import marshal
import subprocess
import sys
from pathlib import Path

import pytest

from picoclaw_watchdog.bundle import packed, use
from picoclaw_watchdog.install.places import Places, places
from picoclaw_watchdog.install.program import BUNDLE, install_program, program_folder

ASK = """\
import sys
from pathlib import Path
start = Path(sys.argv[1], "start.py")
sys.argv = [str(start), *sys.argv[2:]]
import os
def tell(code):
    import MODULE as asked
    print("from", type(asked.__spec__.loader).__name__, asked.__file__, flush=True)
os._exit = tell
exec(compile(start.read_text(), str(start), "exec"), {"__file__": str(start), "__name__": "x"})
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Places:
    where = places({}, str(tmp_path_factory.mktemp("a home with spaces")))
    install_program(where)
    return where


def cycle(where: Places, home: Path, module: str = "picoclaw_watchdog.engine.cycle") -> str:
    folder = program_folder(where)
    ask = ASK.replace("MODULE", module)
    asked = [f"{folder}/bin/python", "-I", "-S", "-c", ask, folder, "once", "--unattended"]
    environ = {"HOME": str(home), "PATH": "/nowhere", "PICOCLAW_WATCHDOG_ENABLED": "false"}
    ran = subprocess.run(asked, env=environ, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    return ran.stdout


def test_an_installed_cycle_takes_its_modules_from_the_bundle(
    installed: Places, tmp_path: Path
) -> None:
    file = f"{program_folder(installed)}/lib/python{sys.version_info[0]}.{sys.version_info[1]}"
    said = cycle(installed, tmp_path)
    assert said == f"from Bundle {file}/site-packages/picoclaw_watchdog/engine/cycle.py\n"
    assert Path(said.removeprefix("from Bundle ").strip()).is_file()


def test_what_a_cycle_needs_of_the_library_is_in_it_too(installed: Places, tmp_path: Path) -> None:
    assert cycle(installed, tmp_path, "json") == f"from Bundle {json.__file__}\n"


def test_a_bundle_of_another_build_of_the_same_python_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A patched library must not be hidden by the bytecode of the one before."""
    path = tmp_path / "b"
    path.write_bytes(packed({}).replace(sys.version[:6].encode(), b"3.9.99"))
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    assert not use(str(path))
    path.write_bytes(packed({}))
    assert use(str(path))


@pytest.mark.parametrize(
    "content",
    [b"", b"\x00", b"rubbish", marshal.dumps(7), marshal.dumps((b"another Python", {}))],
    ids=["empty", "nul", "rubbish", "number", "another Python"],
)
def test_a_bundle_that_is_none_is_passed_over(
    installed: Places, tmp_path: Path, content: bytes
) -> None:
    bundle = Path(program_folder(installed), BUNDLE)
    whole = bundle.read_bytes()
    bundle.write_bytes(content)
    try:
        assert cycle(installed, tmp_path).startswith("from SourceFileLoader ")
        bundle.unlink()
        assert cycle(installed, tmp_path).startswith("from SourceFileLoader ")
    finally:
        bundle.write_bytes(whole)


def test_what_is_not_in_it_is_found_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = marshal.dumps(compile("answer = 42", "/there/made_up/one.py", "exec"))
    package = marshal.dumps(compile("", "/there/made_up/__init__.py", "exec"))
    path = tmp_path / "b"
    path.write_bytes(
        packed(
            {
                "made_up": ("/there/made_up/__init__.py", True, package),
                "made_up.one": ("/there/made_up/one.py", False, code),
            }
        )
    )
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path])
    assert use(str(path))
    from made_up import one  # type: ignore[import-not-found]

    assert (one.answer, one.__file__) == (42, "/there/made_up/one.py")
    with pytest.raises(ModuleNotFoundError):
        import made_up.two  # type: ignore[import-not-found]  # noqa: F401
