"""Is the program there, whole and the one that the units start?"""

import os
import sys

from picoclaw_watchdog import __version__
from picoclaw_watchdog.doctor.finding import (
    NOTHING,
    Findings,
    Fix,
    Words,
    bad,
    good,
    unknown,
    warn,
)
from picoclaw_watchdog.doctor.seen import Seen
from picoclaw_watchdog.host.process import find
from picoclaw_watchdog.install.files import open_to_others
from picoclaw_watchdog.install.places import SERVICE

OLDEST = (3, 11)
TOOLS = ("systemctl", "journalctl")  # without these nothing can be watched
INSTALL = "picoclaw-watchdog install"

ALONE = Words("no other watchdog runs", "他の監視は動いていません")
NOT_ALONE = Words(
    "the shell watchdog runs as well (process {pids}): two of them work against each other",
    "シェル版の監視も動いています (プロセス {pids})。互いに干渉します",
    "kill {pids}",
)
PYTHON = Words("Python {version}", "Python {version}")
PYTHON_OLD = Words(
    "Python {version} is too old: 3.11 or newer is needed",
    "Python {version} は古すぎます (3.11 以降が必要です)",
    "sudo apt install python3 python3-venv",
)
UNSEEN = Words("the installed program could not be looked at", "インストール状態を確認できません")
NOT_INSTALLED = Words(
    "the watchdog is not installed: nothing is watched",
    "インストールされていないため、監視は行われていません",
    "picoclaw-watchdog init",
)
SHELL = Words(
    "only the shell watchdog is installed; its settings, state and log are taken over",
    "シェル版の監視だけが入っています。設定・状態・ログは引き継げます",
    "picoclaw-watchdog init",
)
BROKEN = Words(
    "the installed program does not start (was its Python removed by an upgrade?)",
    "インストール済みのプログラムが起動しません (更新で Python が消えた可能性)",
    INSTALL,
)
OTHER = Words(
    "version {installed} is installed, this is {version}",
    "インストール済みは {installed}、実行中は {version} です",
    INSTALL,
)
OTHER_CODE = Words(
    "the installed {installed} differs from the code that is running now",
    "インストール済みの {installed} は、いま実行中のものと内容が異なります",
    INSTALL,
)
INSTALLED = Words("version {installed} is installed", "{installed} をインストール済み")
COMPILED = Words("compiled to bytecode", "バイトコードはコンパイル済み")
NOT_COMPILED = Words(
    "{number} modules are not compiled: every cycle costs more than it should",
    "{number} 個のモジュールが未コンパイルで、毎回余分な時間がかかります",
    INSTALL,
)
ON_PATH = Words("the command is on your PATH", "コマンドは PATH にあります")
NOT_ON_PATH = Words(
    "{folder} is not on your PATH: the command is only found as {command}",
    "{folder} が PATH になく、コマンドは {command} と打つ必要があります",
    "echo 'export PATH=\"$HOME/.local/bin:$PATH\"' >> ~/.profile",
)
CLOSED = Words("only you can change what is installed", "プログラムを変更できるのは本人だけです")
NOT_CLOSED = Words(
    "other users may write in {folder} and so replace the program",
    "他のユーザーが {folder} に書き込め、プログラムを置き換えられます",
    "chmod go-w {folder}",
)
TOOLS_THERE = Words("the service finds its tools", "サービスから必要なコマンドが見つかります")
TOOL_MISSING = Words(
    "{tool} is not installed: without it nothing can be watched",
    "{tool} がありません。これがないと監視できません",
    "sudo apt install systemd",
)
TOOL_HIDDEN = Words(
    "your shell finds {tool} in {folder}, the service does not look there",
    "{tool} は {folder} にありますが、サービスの PATH に含まれていません",
    INSTALL,
)


def python(_: Seen) -> Findings:
    """New enough?"""
    version = ".".join(map(str, sys.version_info[:3]))
    right = sys.version_info >= OLDEST
    return good(PYTHON, version=version) if right else bad(PYTHON_OLD, version=version)


def installed(seen: Seen) -> Findings:
    """There, starting, and this version?"""
    program = seen.program
    if program is None:
        return unknown(UNSEEN)
    if not program.folder:
        return warn(SHELL) if seen.has_shell_watchdog else bad(NOT_INSTALLED)
    if not program.runs:
        return bad(BROKEN, Fix.INSTALL)
    if program.version != __version__:
        return warn(OTHER, Fix.INSTALL, installed=program.version, version=__version__)
    if not program.is_this:
        return warn(OTHER_CODE, Fix.INSTALL, installed=program.version)
    return good(INSTALLED, installed=program.version)


def alone(seen: Seen) -> Findings:
    """Whether the shell implementation runs beside us, from a terminal or from cron."""
    if seen.is_absent:
        return NOTHING
    pids = seen.shell_watchdogs
    return bad(NOT_ALONE, pids=pids) if pids else good(ALONE)


def bytecode(seen: Seen) -> Findings:
    """Compiled at the install?"""
    program = seen.program
    if program is None or not program.folder:
        return NOTHING
    if program.uncompiled:
        return warn(NOT_COMPILED, Fix.INSTALL, number=program.uncompiled)
    return good(COMPILED)


def command(seen: Seen) -> Findings:
    """Found by the owner's shell?"""
    program, case = seen.program, seen.case
    if program is None or not program.folder:
        return NOTHING
    if find("picoclaw-watchdog", case.environ.get("PATH", "")):
        return good(ON_PATH)
    path = case.places.command
    return warn(NOT_ON_PATH, folder=case.short(os.path.dirname(path)), command=case.short(path))


def closed(seen: Seen) -> Findings:
    """Whether somebody else could put another program in its place."""
    if seen.program is None or not seen.program.folder:
        return NOTHING
    where = seen.case.places
    paths = (f"{seen.program.folder}/start.py", where.command, f"{where.units}/{SERVICE}")
    found = NOTHING
    for folder in open_to_others(paths, where.home):
        found += bad(NOT_CLOSED, Fix.PROTECT, folder, folder=seen.case.short(folder))
    return found or good(CLOSED)


def tools(seen: Seen) -> Findings:
    """Found by the service, whose PATH is not the shell's?"""
    ours = seen.case.environ.get("PATH", os.defpath)
    theirs = _path_of(seen.unit(SERVICE, "Environment"))
    for tool in TOOLS:
        if not find(tool, ours) and not find(tool, theirs):
            return bad(TOOL_MISSING, tool=tool)
    for tool in (*TOOLS, "tailscale"):
        here = find(tool, ours)
        if theirs and here and not find(tool, theirs):
            return bad(TOOL_HIDDEN, Fix.INSTALL, tool=tool, folder=os.path.dirname(here))
    return good(TOOLS_THERE)


def _path_of(environment: str) -> str:
    """PATH in systemd's property; the value is quoted where it has blanks."""
    _, _, rest = f" {environment}".replace('"', "").partition(" PATH=")
    return rest.partition(" ")[0]
