"""The modules of a cycle, all in one file.

Python looks for each module in four places and opens it by itself: for a hundred of them, a
sixth of a quiet cycle's CPU (docs/decisions/0015). The install puts their bytecode into one file,
ours and what they need of Python's library, and this serves it. What is not in there is found as
ever, and so is all of it where the file is missing, or was made for another build of Python.
"""

import marshal
import sys  # and, below, what importlib.util would bring for 2 ms
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER

TYPE_CHECKING = False  # what is imported before the bundle is there is searched for

if TYPE_CHECKING:
    from types import ModuleType

    from picoclaw_watchdog.light import Any

Modules = dict[str, tuple[str, bool, bytes]]  # name -> its file, whether a package, bytecode

BUILD = (MAGIC_NUMBER, sys.version)  # a patched library is one of another build


def packed(modules: Modules) -> bytes:
    """The content of a bundle for the Python that runs."""
    return marshal.dumps((BUILD, modules))


def use(path: str) -> bool:
    """Serve imports from a bundle; whether it is one, and for this Python."""
    try:
        with open(path, "rb", 0) as file:
            build, modules = marshal.loads(file.read())  # noqa: S302  # as good as a .pyc
    except (OSError, ValueError, EOFError, TypeError):
        return False
    if build != BUILD:
        return False
    sys.meta_path.insert(0, Bundle(modules))
    return True


class Bundle:
    """Finder and loader for what lies in a bundle: importlib.abc, in its shortest form."""

    def __init__(self, modules: Modules) -> None:
        self._modules = modules

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """Where the module is; None where it is not in here."""
        del path, target
        if name not in self._modules:
            return None
        file, is_package, _ = self._modules[name]
        loader: Any = self
        spec = ModuleSpec(name, loader, origin=file, is_package=is_package)
        spec.has_location = True  # gives it its __file__
        if is_package:
            spec.submodule_search_locations = [file.rpartition("/")[0]]
        return spec

    def create_module(self, spec: ModuleSpec) -> None:
        """The usual kind of module."""

    def exec_module(self, module: "ModuleType") -> None:
        """Run its bytecode."""
        code = marshal.loads(self._modules[module.__name__][2])  # noqa: S302
        exec(code, module.__dict__)  # noqa: S102  # what an import is
