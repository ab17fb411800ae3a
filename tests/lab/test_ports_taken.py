"""Another program on the gateway's port, with the gateway up beside it or dead."""

import pytest

from tests.lab.host import GATEWAY, KICKS, STANDINS, TIMER, Host
from tests.lab.witness import LINE_SETTINGS, QUICK, Witness

pytestmark = [pytest.mark.lab, pytest.mark.timeout(180)]

SQUATTER = "squatter.service"
# Answers everything with one status, on the gateway's port.
SQUAT = """
import http.server, sys
class Other(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[1]))
        self.send_header("Content-Length", "0")
        self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", 18790), Other).serve_forever()
"""


def squat(host: Host, status: int) -> None:
    """The gateway ends, and before it is back somebody else is on its port."""
    host.lab.systemctl("stop", TIMER, KICKS)  # no cycle but the test's own may come between
    host.wait_for_rest()
    host.lab.systemctl("stop", GATEWAY)
    host.lab.write(f"{STANDINS}/squat.py", SQUAT)
    command = f"ExecStart={host.lab.python} {STANDINS}/squat.py {status}"
    host.lab.write(f"~/.config/systemd/user/{SQUATTER}", f"[Service]\n{command}\n")
    host.lab.systemctl("daemon-reload")
    host.lab.systemctl("restart", SQUATTER)
    host.lab.wait_for(lambda: "18790" in host.lab.must("ss", "-ltn"), what="the squatter")


def test_a_dead_gateway_whose_port_another_program_answers_is_left_to_the_owner(
    host: Host,
) -> None:
    witness = Witness(host)
    host.watch_at_once(**QUICK, **LINE_SETTINGS)
    squat(host, 200)
    for _ in range(3):
        host.cycle()
    assert witness.starts() == [], "it could only fight for the port"
    (told,) = witness.messages()
    assert "not as its systemd unit" in told
    host.lab.systemctl("stop", SQUATTER)
    host.cycle()
    assert host.is_healthy()
    assert len(witness.starts()) == 1
    assert len(witness.messages()) == 2
    assert "All clear" in witness.messages()[-1]


def test_a_gateway_that_runs_without_its_port_is_tried_once_and_the_taker_named(
    host: Host,
) -> None:
    witness = Witness(host)
    host.watch_at_once(**QUICK, **LINE_SETTINGS)
    squat(host, 404)
    host.lab.systemctl("start", GATEWAY)  # it stays up, and tries to bind again and again
    starts = len(witness.starts())
    for _ in range(3):
        host.cycle()
    assert len(witness.starts()) == starts + 1
    (told,) = witness.messages()
    assert "Another program has taken the gateway's port" in told
    assert f"port 18790 is held by python3 (pid {host.lab.show(SQUATTER, 'MainPID')})" in told
    host.lab.systemctl("stop", SQUATTER)
    host.wait_until_healthy()
    host.cycle()
    assert len(witness.starts()) == starts + 1
    assert len(witness.messages()) == 2
    assert "All clear" in witness.messages()[-1]
