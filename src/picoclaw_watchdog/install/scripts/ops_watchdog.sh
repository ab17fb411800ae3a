#!/bin/sh
# usage: ops_watchdog.sh [once|loop]
case ${1-once} in
once | loop) exec "$HOME/.local/share/picoclaw/venv/bin/picoclaw-watchdog" "${1-once}" ;;
esac
echo "usage: ops_watchdog.sh [once|loop]" >&2
exit 2
