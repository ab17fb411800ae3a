#!/bin/sh
# usage: ops_watchdog_kick.sh ACTION [SOURCE] [TOKEN]; WAIT=1 in the environment: wait for the outcome
if [ $# -lt 1 ] || [ $# -gt 3 ]; then
    echo "usage: ops_watchdog_kick.sh restart_gateway|recover_funnel|check_ollama|... [SOURCE] [TOKEN]" >&2
    exit 2
fi
if [ -n "${3-}" ]; then
    case ${LC_ALL:-${LC_MESSAGES:-${LANG-}}} in
        ja*) echo "注意: コマンドラインのトークンはほかの利用者から見えます。.env か \$PICOCLAW_WATCHDOG_KICK_TOKEN に書けば見えません" >&2 ;;
        *) echo "warning: other users can read a token on the command line; .env or \$PICOCLAW_WATCHDOG_KICK_TOKEN keeps it private" >&2 ;;
    esac
    PICOCLAW_WATCHDOG_KICK_TOKEN=$3
    export PICOCLAW_WATCHDOG_KICK_TOKEN
fi
exec "$HOME/.local/share/picoclaw/venv/bin/picoclaw-watchdog" kick "$1" --source "${2:-manual}" ${WAIT:+--wait}
