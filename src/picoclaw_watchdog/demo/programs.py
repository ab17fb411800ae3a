"""The programs a box puts on PATH: small shell scripts, because they run at every cycle.

What they cannot answer from prepared files they hand to the Python program of the same name.
"""

import shutil
import sys
from pathlib import Path

SOURCES = Path(__file__).parents[2]

_SYSTEMCTL = """#!/bin/sh
# A unit that simply runs is shown from a prepared file, once its process has been looked at.
: "${PICOCLAW_DEMO_SYSTEMD:=@SYSTEMD@}"
export PICOCLAW_DEMO_SYSTEMD
shown=$PICOCLAW_DEMO_SYSTEMD/${3-}.show
if [ "$#:${1-}:${2-}:${4-}" = 5:--user:show:-p ] && [ -r "$shown" ]; then
    {
        read -r pid born
        wanted=,$5,
        set -f
        { read -r stat </proc/$pid/stat; } 2>/dev/null && set -- ${stat##*) }
        case $1:${20-} in
        [!ZX]:"$born")
            while read -r line; do
                case $wanted in *,"${line%%=*}",*) echo "$line" ;; esac
            done
            exit 0
            ;;
        esac
        set -- --user show "${shown##*/}" -p "$wanted"
        set -- --user show "${3%.show}" -p "$5"
    } <"$shown"
fi
@RUN@.systemctl "$@"
"""

_TAILSCALE = """#!/bin/sh
: "${PICOCLAW_DEMO_TAILSCALE:=@TAILSCALE@}"
export PICOCLAW_DEMO_TAILSCALE
case $* in
"funnel status --json") prepared=funnel-status.json ;;
"funnel status") prepared=funnel-status.txt ;;
"status --json" | "status --json --peers=false") prepared=status.json ;;
*) prepared= ;;
esac
prepared=$PICOCLAW_DEMO_TAILSCALE.d/$prepared
[ -f "$prepared" ] && [ -r "$prepared" ] && exec @CAT@ "$prepared"
@RUN@.tailscale "$@"
"""

_SUDO = """#!/bin/sh
if [ -e "@FOLDER@/sudo-wants-password" ]; then
    echo 'sudo: a password is required' >&2
    exit 1
fi
lists=
while :; do
    case ${1-} in
    -l) lists=yes ;;
    -*) ;;
    *) break ;;
    esac
    shift
done
if [ -e "@FOLDER@/sudoers" ] && ! @GREP@ -qxF -e "$*" "@FOLDER@/sudoers"; then
    echo 'sudo: a password is required' >&2
    exit 1
fi
[ -z "$lists" ] || { echo "$*"; exit 0; }
PICOCLAW_DEMO_ROOT=1
export PICOCLAW_DEMO_ROOT
exec "$@"
"""

_JOURNALCTL = """#!/bin/sh
unit= lines=10 form=short
while [ $# -gt 0 ]; do
    case $1 in
    -u) unit=$2 && shift ;;
    --unit=*) unit=${1#*=} ;;
    -n) lines=$2 && shift ;;
    -o) form=$2 && shift ;;
    esac
    shift
done
journal=@SYSTEMD@/$unit.journal
[ -r "$journal" ] || { [ "$form" = json ] || echo '-- No entries --'; exit 0; }
if [ "$form" != json ]; then exec @TAIL@ -n "$lines" "$journal"; fi
@RUN@.journal "$journal" "$lines"
"""

_SCRIPTS = {
    "systemctl": _SYSTEMCTL,
    "tailscale": _TAILSCALE,
    "sudo": _SUDO,
    "journalctl": _JOURNALCTL,
}


def put_on_path(folder: Path, systemd: Path, tailscale: Path) -> Path:
    """Write the programs into `bin` of a box; answers that folder."""
    programs = folder / "bin"
    programs.mkdir()
    words = {
        "@FOLDER@": str(folder),
        "@SYSTEMD@": str(systemd),
        "@TAILSCALE@": str(tailscale),
        "@GREP@": shutil.which("grep", path="/usr/bin:/bin") or "grep",
        "@CAT@": shutil.which("cat", path="/usr/bin:/bin") or "cat",
        "@TAIL@": shutil.which("tail", path="/usr/bin:/bin") or "tail",
        # Without site: it costs a third of a start, and a stand-in needs nothing from it.
        "@RUN@": f'PYTHONPATH="{SOURCES}" exec "{sys.executable}" -S -m picoclaw_watchdog.demo',
    }
    for name, text in _SCRIPTS.items():
        for word, value in words.items():
            text = text.replace(word, value)  # noqa: PLW2901
        (programs / name).write_text(text, "utf-8")
        (programs / name).chmod(0o700)
    return programs
