#!/bin/sh
# A plain shell watchdog that only looks: the same probes as one quiet cycle of ours, one after
# the other, and one line in the log. Written to be fast where a shell can be: no bash, one `ss`
# for all ports, no pipes, no subshell where the exit status will do.
set -u

status_of() { # seconds url
    curl -s -o /dev/null -w '%{http_code}' -m "$1" "$2"
}

bad=
systemctl --user -q is-active "$GATEWAY_SERVICE" || bad="$bad unit"
listening=$(ss -ltnH)
for port in "$GATEWAY_PORT" "$LINE_WEBHOOK_PORT"; do
    case $listening in
    *":$port "*) ;;
    *) bad="$bad port-$port" ;;
    esac
done
[ "$(status_of 3 "$HEALTH_URL")" = 200 ] || bad="$bad health"
[ "$(status_of 3 "$READY_URL")" = 200 ] || bad="$bad ready"
[ "$(status_of 3 "http://127.0.0.1:$LINE_WEBHOOK_PORT/webhook/line")" = 405 ] || bad="$bad webhook"
funnel=$(tailscale funnel status)
case $funnel in
*"Funnel on"*"proxy http://127.0.0.1:$LINE_WEBHOOK_PORT"*) ;;
*) bad="$bad funnel" ;;
esac
[ "$(status_of 5 "$WEBHOOK_URL")" = 405 ] || bad="$bad public"
[ "$(status_of 3 "$OLLAMA_MODELS_URL")" = 200 ] || bad="$bad ollama"

if [ -z "$bad" ]; then
    line='level=INFO target=watchdog result=OK action=cycle detail="all good"'
else
    line="level=ERROR target=watchdog result=NG action=detect detail=\"$bad\""
fi
echo "[$(date '+%Y-%m-%d %H:%M:%S %Z')] $line" >>"$LOG_FILE"
[ -z "$bad" ]
