import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from picoclaw_watchdog.demo.programs import put_on_path
from picoclaw_watchdog.demo.tailnet import STATE_VARIABLE, change

HOST = "box.tail1234.ts.net"


class Node:
    """A pretended Tailscale, run as a program from PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "tailscale.json"
        self.bin = put_on_path(folder, folder, self.state)
        self.set(operator=True)

    def set(self, **fields: object) -> None:
        change(self.state, lambda state: state._replace(**fields))  # type: ignore[arg-type]

    def run(self, *command: str, **environ: str) -> tuple[int, str, str]:
        done = subprocess.run(
            [self.bin / command[0], *command[1:]],
            env={"PATH": str(self.bin), STATE_VARIABLE: str(self.state), **environ},
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        return done.returncode, done.stdout, done.stderr

    def json(self, *command: str) -> Any:
        code, printed, _ = self.run(*command)
        assert code == 0
        return json.loads(printed)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path)


def test_nothing_published_is_an_empty_object(node: Node) -> None:
    assert node.run("tailscale", "funnel", "status", "--json") == (0, "{}\n", "")
    assert node.run("tailscale", "funnel", "status") == (0, "No serve config\n", "")
    assert node.run("tailscale", "funnel", "reset")[0] == 0
    assert node.run("tailscale", "funnel", "status", "--json") == (0, "{}\n", "")


def test_a_published_funnel_is_shown_in_both_forms(node: Node) -> None:
    code, printed, _ = node.run("tailscale", "funnel", "--bg", "18791")
    assert code == 0
    assert printed.startswith("Available on the internet:\n")
    assert node.json("tailscale", "funnel", "status", "--json") == {
        "TCP": {"443": {"HTTPS": True}},
        "Web": {f"{HOST}:443": {"Handlers": {"/": {"Proxy": "http://127.0.0.1:18791"}}}},
        "AllowFunnel": {f"{HOST}:443": True},
    }
    assert node.run("tailscale", "funnel", "status")[1] == (
        f"\n# Funnel on:\n#     - https://{HOST}\n\n"
        f"https://{HOST} (Funnel on)\n|-- / proxy http://127.0.0.1:18791\n\n"
    )


def test_serving_keeps_other_ports_and_a_targeted_undo_too(node: Node) -> None:
    node.run("tailscale", "funnel", "--bg", "18791")
    node.run("tailscale", "serve", "--bg", "--https=8443", "--set-path=/x", "http://localhost:3000")
    served = node.json("tailscale", "serve", "status", "--json")
    assert set(served["Web"]) == {f"{HOST}:443", f"{HOST}:8443"}
    assert served["AllowFunnel"] == {f"{HOST}:443": True}
    assert f"https://{HOST}:8443 (tailnet only)" in node.run("tailscale", "serve", "status")[1]
    assert node.run("tailscale", "funnel", "--https=443", "off")[0] == 0
    served = node.json("tailscale", "serve", "status", "--json")
    assert set(served["Web"]) == {f"{HOST}:8443"}
    assert "AllowFunnel" not in served


def test_a_stopped_node_still_shows_its_json_but_not_its_text(node: Node) -> None:
    node.run("tailscale", "funnel", "--bg", "18791")
    node.set(backend="Stopped")
    assert node.json("tailscale", "funnel", "status", "--json")["AllowFunnel"]
    code, _, complaint = node.run("tailscale", "funnel", "status")
    assert (code, complaint) == (1, "Tailscale is stopped.\n")


@pytest.mark.parametrize("backend", ["NoState", "Starting", "NeedsLogin"])
def test_before_the_netmap_the_configuration_is_empty_and_not_lost(
    node: Node, backend: str
) -> None:
    node.run("tailscale", "funnel", "--bg", "18791")
    node.set(backend=backend)
    assert node.json("tailscale", "funnel", "status", "--json") == {}
    assert node.json("tailscale", "status", "--json", "--peers=false")["BackendState"] == backend
    node.set(backend="Running")
    assert node.json("tailscale", "funnel", "status", "--json")["AllowFunnel"]


def test_a_daemon_that_is_down_says_so_with_status_1(node: Node) -> None:
    node.set(daemon=False)
    code, _, complaint = node.run("tailscale", "funnel", "status", "--json")
    assert code == 1
    assert complaint.startswith("Failed to connect to local Tailscale daemon for")
    code, _, complaint = node.run("tailscale", "status", "--json", "--peers=false")
    assert code == 1
    assert complaint.startswith("failed to connect to local tailscaled")


def test_without_rights_only_sudo_helps_and_that_word_for_word(node: Node) -> None:
    node.set(operator=False, ordinary=True)
    code, _, complaint = node.run("tailscale", "funnel", "--bg", "18791")
    assert code == 1
    assert "Access denied: serve config denied" in complaint
    (node.folder / "sudoers").write_text("tailscale funnel --bg 18791\n")
    said = node.run("sudo", "-n", "-l", "tailscale", "funnel", "--bg", "18791")
    assert said == (0, "tailscale funnel --bg 18791\n", "")
    assert node.run("sudo", "-n", "tailscale", "funnel", "--bg", "18791")[0] == 0
    assert node.run("sudo", "-n", "tailscale", "funnel", "--bg", "18791", "--yes")[0] == 1
    assert node.run("sudo", "-n", "-l", "tailscale", "funnel", "reset")[0] == 1


def test_a_sudo_may_want_a_password(node: Node) -> None:
    (node.folder / "sudo-wants-password").touch()
    said = node.run("sudo", "-n", "tailscale", "funnel", "--bg", "18791")
    assert said == (1, "", "sudo: a password is required\n")


def test_without_the_capability_it_exits_0_having_done_nothing(node: Node) -> None:
    node.set(capable=False)
    code, printed, _ = node.run("tailscale", "funnel", "--bg", "18791")
    assert code == 0
    assert "Funnel is not enabled on your tailnet" in printed
    assert node.run("tailscale", "funnel", "status", "--json")[1] == "{}\n"
    said = node.json("tailscale", "status", "--json", "--peers=false")
    assert not {"funnel", "https"} & said["Self"]["CapMap"].keys()


def test_it_can_block_for_ever(node: Node) -> None:
    node.set(publish="block")
    blocked = subprocess.Popen(
        [node.bin / "tailscale", "funnel", "--bg", "18791"],
        env={"PATH": str(node.bin), STATE_VARIABLE: str(node.state)},
    )
    with pytest.raises(subprocess.TimeoutExpired):
        blocked.wait(1.0)
    blocked.kill()
    blocked.wait()


def test_other_clients_and_wrong_flags_are_refused(node: Node) -> None:
    node.set(publish="busy")
    assert node.run("tailscale", "funnel", "--bg", "18791")[0] == 1
    assert node.run("tailscale", "funnel", "--bg", "--http=80", "18791")[0] == 2


def test_changing_commands_are_written_down(node: Node) -> None:
    node.run("tailscale", "funnel", "status")
    node.run("tailscale", "funnel", "--bg", "18791")
    node.run("tailscale", "funnel", "reset")
    written = node.state.with_suffix(".commands").read_text().splitlines()
    assert written == ["funnel --bg 18791", "funnel reset"]
