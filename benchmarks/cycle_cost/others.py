"""What others cost that stay in memory: Monit with the same probes, supervisord with its own."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.cycle_cost.healthy_host import HealthyHost

SECONDS = 12.0  # of one-second cycles that are counted
SETTLE = 4.0  # seconds before that


class Resident(NamedTuple):
    """One that stays."""

    cpu: float  # ms a cycle, its children included
    rss: float  # MiB


def monit(host: HealthyHost) -> Resident | None:
    """Monit at one cycle a second; None where it is not installed."""
    program = shutil.which("monit")
    if program is None:
        return None
    folder = host.folder / "monit"
    folder.mkdir(exist_ok=True)
    counter = folder / "cycles"
    counter.write_text("")
    probes = folder / "programs.sh"  # what Monit cannot ask by itself
    probes.write_text(
        f"#!/bin/sh\necho >>{counter}\nsystemctl --user -q is-active {host.unit} || exit 1\n"
        f"tailscale funnel status | grep -q 'proxy http://127.0.0.1:{host.webhook}'\n"
    )
    probes.chmod(0o755)
    rc = folder / "monitrc"
    rc.write_text(_monitrc(host, folder, probes))
    rc.chmod(0o600)
    short = _run([program, "-I", "-c", str(rc)], host.environ, SETTLE, counter)
    counter.write_text("")
    long = _run([program, "-I", "-c", str(rc)], host.environ, SETTLE + SECONDS, counter)
    return Resident((long.cpu - short.cpu) / (long.cycles - short.cycles), long.rss)


def supervisord(host: HealthyHost) -> Resident | None:
    """supervisord with one child that lives; None where it is not installed.

    It asks nothing over the network, so a second of it stands for a cycle.
    """
    program = Path(sys.executable).with_name("supervisord")
    if not program.exists():
        return None
    folder = host.folder / "supervisor"
    folder.mkdir(exist_ok=True)
    conf = folder / "supervisord.conf"
    conf.write_text(
        f"[supervisord]\nnodaemon=true\nlogfile={folder}/log\npidfile={folder}/pid\n"
        "[program:gateway]\ncommand=sleep 1000\n"
    )
    argv = [str(program), "-c", str(conf)]
    short = _run(argv, host.environ, SETTLE, None)
    long = _run(argv, host.environ, SETTLE + SECONDS, None)
    return Resident((long.cpu - short.cpu) / SECONDS, long.rss)


def _monitrc(host: HealthyHost, folder: Path, probes: Path) -> str:
    public = host.settings["WEBHOOK_URL"]
    scheme, _, rest = public.partition("://")
    name, _, port = rest.partition("/")[0].partition(":")
    tls = " with ssl options {verify: disable}" if scheme == "https" else ""
    path = " ".join(f"{key}={value}" for key, value in host.environ.items() if " " not in value)
    gateway, webhook, ollama = host.gateway, host.webhook, host.ollama
    return f"""set daemon 1
set logfile {folder}/log
set pidfile {folder}/pid
set idfile {folder}/id
set statefile {folder}/state
check host gateway with address 127.0.0.1
  if failed port {gateway} protocol http request "/health" timeout 3 seconds then alert
  if failed port {gateway} protocol http request "/ready" timeout 3 seconds then alert
  if failed port {webhook} protocol http request "/webhook/line" status = 405 then alert
  if failed port {ollama} protocol http request "/v1/models" timeout 3 seconds then alert
check host public with address {name}
  if failed port {port}{tls} protocol http request "/webhook/line" status = 405 then alert
check program programs with path "/usr/bin/env {path} {probes}"
  if status != 0 then alert
"""


class _Run(NamedTuple):
    cpu: float  # ms
    cycles: int
    rss: float  # MiB


def _run(argv: list[str], environ: dict[str, str], seconds: float, counter: Path | None) -> _Run:
    """Let it run for a while, then end it; what the kernel says that it and its children used."""
    null = subprocess.DEVNULL
    process = subprocess.Popen(argv, env=environ, stdin=null, stdout=null, stderr=null)
    time.sleep(seconds)
    status = Path(f"/proc/{process.pid}/status").read_text()
    rss = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    cycles = counter.read_text().count("\n") if counter is not None else 0
    process.terminate()
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = 0  # it has been waited for
    return _Run((used.ru_utime + used.ru_stime) * 1000, cycles, rss / 1024)
