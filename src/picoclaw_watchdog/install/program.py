"""The program in a virtual environment of its own, independent of where it was installed from.

Each version lies in a folder named by its content, complete from the moment it has that name,
and the units name that folder. So an update neither breaks nor mixes a cycle that is running:
it goes on with its own files, which stay until the update after.
"""

import os
import sys
from contextlib import suppress

from picoclaw_watchdog import __version__
from picoclaw_watchdog.install.files import (
    Fate,
    Item,
    close_tree,
    is_marked,
    link,
    make_marked,
    put,
    refuse_others,
    remove,
    remove_tree,
)
from picoclaw_watchdog.install.places import Places

PACKAGE = "picoclaw_watchdog"
SOURCE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# What units start. A file instead of `-m`, and Python's site left out (-S): 4 ms less a cycle.
# One cycle needs neither a garbage collector nor the interpreter's tear-down: 10 ms less.
START = """\
import gc
import os
import sys

here = __file__.rpartition("/")[0]
sys.path.append(f"{{here}}/lib/{python}/site-packages")
short = sys.argv[1:2] == ["once"]
if short:
    gc.disable()
    from picoclaw_watchdog.bundle import use

    use(f"{{here}}/{bundle}")
from picoclaw_watchdog.cli.main import main

code = main()
if short:
    sys.stdout.flush()
    os._exit(code)
sys.exit(code)
"""

BUNDLE = "cycle.bundle"
PYC_HEADER = 16  # bytes before the code in a .pyc; PEP 552

# What a cycle brings with it, asked of Python itself: a quiet one, down to its last line.
WHAT_A_CYCLE_IMPORTS = """\
import sys
known = {*sys.modules}
sys.path.append(sys.argv[1])
import encodings.ascii, importlib, json
import picoclaw_watchdog.cli.main, picoclaw_watchdog.cli.once, picoclaw_watchdog.host.tls
found = {name: each.__spec__ for name, each in sys.modules.items() if name not in known}
print(json.dumps({name: (spec.origin, spec.cached) for name, spec in found.items() if spec.cached}))
"""

# The folder itself is started, not the link to it: an update in between must not mix two versions.
COMMAND = """\
#!/bin/sh
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$here/python" -I -S -X utf8 "$here/../start.py" "$@"
"""


def install_program(places: Places) -> list[Item]:
    """Copy the running program, unless this very version is there already, and switch to it.

    Raises:
        OSError: it cannot be written.
    """
    return [build_program(places), *switch_program(places)]


def folder_of_this(places: Places) -> str:
    """Where the running program lies once it is installed."""
    return f"{places.data}/{_name()}"


def build_program(places: Places) -> Item:
    """Put the running program beside the one that is in use; nothing starts it yet.

    Raises:
        OSError: it cannot be written, or something else is in its place.
    """
    folder = folder_of_this(places)
    if os.path.lexists(places.venv) and not _is_our_link(places):
        refuse_others(places.venv)
    refuse_others(folder)
    complete = _runs(folder)
    if not complete:
        remove_tree(folder)
        _build(folder)
    elif uncompiled(folder):  # somebody tidied up; in place, as it may be us who run from there
        packages = f"{folder}/lib/{_python()}/site-packages"
        _compile(packages, folder, folder)
        _bundle(folder, packages, folder)
        complete = False
    close_tree(folder)  # an earlier one may be open to others
    return Item(folder, Fate.SAME if complete else Fate.NEW)


def switch_program(places: Places) -> list[Item]:
    """Let the one that was built be the one that is used.

    Raises:
        OSError: the link cannot be set.
    """
    folder, before = folder_of_this(places), os.path.realpath(places.venv)
    items = [link(places.venv, os.path.basename(folder))]
    if items[0].changed:
        items += _forget_others(places, {folder, before})
    return items


def forget_build(places: Places) -> None:
    """Take back what was built and is not used.

    Raises:
        OSError: it cannot be removed.
    """
    folder = folder_of_this(places)
    if os.path.realpath(places.venv) != folder:
        remove_tree(folder)


def remove_program(places: Places) -> list[Item]:
    """Remove every version.

    Raises:
        OSError: it cannot be removed.
    """
    is_ours, there = _is_our_link(places), os.path.lexists(places.venv)
    items = _forget_others(places, set())
    if there:
        items += remove(places.venv) if is_ours else [Item(places.venv, Fate.KEPT)]
    return items


def _is_our_link(places: Places) -> bool:
    """Whether the link to the program is one that we set: to a folder of ours, beside it."""
    if not os.path.islink(places.venv):
        return False
    target = os.readlink(places.venv)
    folder = f"{places.data}/{target}"
    named_as_ours = target.startswith("venv-") and "/" not in target
    return named_as_ours and (is_marked(folder) or not os.path.lexists(folder))


def program_folder(places: Places) -> str:
    """The folder of the version that is installed."""
    return os.path.realpath(places.venv)


def is_this(folder: str) -> bool:
    """Whether it holds the very code that is running now."""
    return os.path.basename(folder) == _name() or os.path.realpath(SOURCE).startswith(f"{folder}/")


def uncompiled(folder: str) -> int:
    """How many of its modules have no bytecode, the bundle of a cycle's counted as one.

    Each costs every cycle some time.
    """
    missing = int(not os.path.exists(f"{folder}/{BUNDLE}"))
    for where, _, names in os.walk(f"{folder}/lib"):
        compiled = f"{where}/__pycache__"
        there = os.listdir(compiled) if os.path.isdir(compiled) else []
        stems = {name.partition(".")[0] for name in there}
        modules = (name for name in names if name.endswith(".py"))
        missing += sum(name.removesuffix(".py") not in stems for name in modules)
    return missing


def _name() -> str:
    """`venv-VERSION-CONTENT`; the interpreter counts as content."""
    from hashlib import sha256

    digest = sha256(f"{sys.version}\n{base_python()}\n{START}\n{COMMAND}\n".encode())
    for path in _files():
        digest.update(f"{os.path.relpath(path, SOURCE)}\n".encode())
        with open(path, "rb") as file:
            digest.update(file.read())
    return f"venv-{__version__}-{digest.hexdigest()[:10]}"


def _python() -> str:
    """As the folder of its modules is called."""
    return f"python{sys.version_info.major}.{sys.version_info.minor}"


def _files() -> list[str]:
    """The package's files, in order."""
    found = []
    for folder, inner, names in os.walk(SOURCE):
        inner[:] = [name for name in inner if name != "__pycache__"]
        found += [f"{folder}/{name}" for name in names]
    return sorted(found)


def base_python() -> str:
    """The interpreter, by its unversioned name if it has one: that survives a system upgrade."""
    base = str(getattr(sys, "_base_executable", "") or sys.executable)
    plain = f"{os.path.dirname(base)}/python3"
    return plain if os.path.exists(plain) and os.path.samefile(plain, base) else base


def _runs(folder: str) -> bool:
    """Whether it is complete and its Python still exists: a system upgrade may have removed it."""
    from picoclaw_watchdog.host.process import run

    return run((f"{folder}/bin/python", "-I", "-S", f"{folder}/start.py", "--version"), 20).ok


def _build(folder: str) -> None:
    from shutil import copytree, ignore_patterns, rmtree
    from venv import EnvBuilder

    fresh = f"{folder}.{os.getpid()}"
    try:
        make_marked(fresh)  # first of all: what is interrupted must be known again too
        EnvBuilder(symlinks=True, with_pip=False).create(fresh)
        for name in os.listdir(f"{fresh}/bin"):
            if name == "python" or name.lower().startswith("activate"):
                os.unlink(f"{fresh}/bin/{name}")  # the latter name a folder that we rename
        os.symlink(base_python(), f"{fresh}/bin/python")
        packages = f"{fresh}/lib/{_python()}/site-packages"
        copytree(SOURCE, f"{packages}/{PACKAGE}", ignore=ignore_patterns("__pycache__"))
        _compile(packages, fresh, folder)
        put(f"{fresh}/start.py", START.format(python=_python(), bundle=BUNDLE))
        _bundle(fresh, packages, folder)
        put(f"{fresh}/bin/picoclaw-watchdog", COMMAND, 0o755)
        close_tree(fresh)
        os.rename(fresh, folder)
    except BaseException:  # Ctrl-C leaves nothing behind either
        rmtree(fresh, ignore_errors=True)
        raise


def _bundle(fresh: str, packages: str, folder: str) -> None:
    """Put a cycle's bytecode into one file, under the names that the files will have."""
    import json

    from picoclaw_watchdog.bundle import packed
    from picoclaw_watchdog.host.process import run

    asked = (f"{fresh}/bin/python", "-I", "-S", "-c", WHAT_A_CYCLE_IMPORTS, packages)
    modules = {}
    for name, (file, compiled) in json.loads(run(asked, 20).out or "{}").items():
        final = file.replace(fresh, folder, 1)
        with suppress(OSError), open(compiled, "rb") as content:  # a library may have none
            code = content.read()[PYC_HEADER:]
            modules[name] = (final, final.endswith("/__init__.py"), code)
    with open(f"{fresh}/{BUNDLE}.new", "wb") as bundle:
        bundle.write(packed(modules))
    os.replace(f"{fresh}/{BUNDLE}.new", f"{fresh}/{BUNDLE}")


def _compile(what: str, lies: str, will_lie: str) -> None:
    """Compile what lies below a folder, under the name that this folder will have.

    It is never looked at again: nobody edits the copy, and the check costs a stat for each module.
    """
    from compileall import compile_dir
    from py_compile import PycInvalidationMode

    compile_dir(
        what,
        quiet=2,
        stripdir=lies,
        prependdir=will_lie,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
    )


def _forget_others(places: Places, kept: set[str]) -> list[Item]:
    items = []
    for name in os.listdir(places.data) if os.path.isdir(places.data) else ():
        path = f"{places.data}/{name}"
        if name.startswith("venv-") and path not in kept:
            items += remove_tree(path)  # somebody else's is kept, and said
    return items
