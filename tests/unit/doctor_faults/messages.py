"""What is wrong with LINE and the other channels."""

from picoclaw_watchdog.doctor.seen import LineFacts
from tests.unit.doctor_faults.planting import (
    APPRISE,
    B,
    Fault,
    U,
    W,
    all_of,
    env,
    has,
    line,
    snapshot,
)
from tests.unit.doctoring import OWNER, TOKEN, URL, no_answer, says

FAULTS = (
    Fault(
        "LINE off",
        env(
            "ENABLED=true\nPICOCLAW_WATCHDOG_LINE_NOTIFY_TO",
            "ENABLED=false\nPICOCLAW_WATCHDOG_LINE_NOTIFY_TO",
        ),
        "switch",
        W,
        "init",
    ),
    Fault("no token", env(TOKEN, ""), "switch", B, "init", ("mistakes",)),
    Fault("token refused", line(info=says({}, 401)), "token", B, "init"),
    Fault("account refused", line(info=says({}, 403)), "token", B, "console"),
    Fault("LINE silent", has(line=LineFacts(info=no_answer())), "token", U, ""),
    Fault("no recipient", env(OWNER, ""), "recipient", B, "init", ("mistakes",)),
    Fault("bot itself", line(info=says({"userId": OWNER})), "recipient", B, "init"),
    Fault("stranger", line(recipient=says({}, 404)), "recipient", B, "init"),
    Fault(
        "group",
        all_of(env(OWNER, "C" + "5" * 32), line(recipient=says({}, 404))),
        "recipient",
        B,
        "invite",
    ),
    Fault("recipient unseen", line(recipient=None), "recipient", U, ""),
    Fault("quota spent", line(used=says({"totalUsage": 200})), "quota", B, "plan"),
    Fault("quota short", line(used=says({"totalUsage": 190})), "quota", W, "plan"),
    Fault("quota unseen", line(used=no_answer()), "quota", U, ""),
    Fault(
        "webhook off",
        line(endpoint=says({"endpoint": URL, "active": False})),
        "webhook_at_line",
        B,
        "Use webhook",
    ),
    Fault(
        "webhook elsewhere",
        line(endpoint=says({"endpoint": "https://old.ts.net/webhook/line", "active": True})),
        "webhook_at_line",
        B,
        URL,
    ),
    Fault("no webhook", line(endpoint=says({}, 404)), "webhook_at_line", B, URL),
    Fault("webhook unseen", line(endpoint=None), "webhook_at_line", U, ""),
    Fault("refused", snapshot(channel_trouble="HTTP 400"), "delivery", B, "notify-test"),
    Fault("waiting", snapshot(waiting_messages=3), "delivery", W, "status"),
    Fault(
        "no Apprise",
        all_of(env("PICOCLAW", APPRISE), has(has_apprise=False)),
        "apprise",
        B,
        "install",
    ),
    Fault("Apprise unseen", env("PICOCLAW", APPRISE), "apprise", U, ""),
    Fault(
        "another channel refuses",
        all_of(
            env("PICOCLAW", APPRISE),
            has(has_apprise=True),
            snapshot(couriers=[{"name": "json", "waiting": 0, "trouble": "HTTP 404"}]),
        ),
        "couriers",
        W,
        "notify-test --channel json",
    ),
)
