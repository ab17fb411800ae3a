"""The figures as a page for a stranger: tables, charts, what was aimed at, and what bounds it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.charts import Bar, bars

Figures = Mapping[str, Any]

HEAD = """# Performance

Made by `make bench`, which takes about twelve minutes and needs root for the part with real
systemd. All figures are of one run on one machine, side by side; medians, unless a row says
otherwise. Machines differ and are noisy: the ratios travel, the milliseconds do not.
[benchmarks/](../benchmarks/README.md) says how each is measured; the raw figures lie in
[performance/figures.json](performance/figures.json).
"""


def write(known: Figures, folder: Path) -> None:
    """Write performance.md and its charts into a folder."""
    parts = [HEAD, _machine(known["machine"])]
    for name, section in SECTIONS.items():
        if name in known:
            parts.append(section(known[name], folder / "performance"))
    (folder / "performance.md").write_text("\n".join(parts), "utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; every column but the first to the right."""
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _machine(facts: Mapping[str, str]) -> str:
    return "Measured on: " + ", ".join(f"{key} {value}" for key, value in facts.items()) + ".\n"


def _chart(folder: Path, name: str, content: str, words: str) -> str:
    (folder / f"{name}.svg").write_text(content, "utf-8")
    return f"![{words}](performance/{name}.svg)\n"


def _met(good: bool) -> str:  # noqa: FBT001
    return "met" if good else "**not met**"


def _cycle_cost(known: Figures, folder: Path) -> str:
    sides = ("watchdog", "plain.sh")
    cpu = {side: median(run["cpu"] for run in known[side]) for side in sides}
    rows = [
        [
            "ours" if side == "watchdog" else "shell script",
            f"{cpu[side]:.0f} ms",
            f"{median(run['wall'] for run in known[side]):.0f} ms",
            f"{max(run['rss'] for run in known[side]):.1f} MiB",
        ]
        for side in sides
    ]
    # Each is the difference of two runs, so next to nothing can come out below it.
    staying = {
        name: {**each, "cpu": max(each["cpu"], 0.1)} for name, each in known["staying"].items()
    }
    for name, each in staying.items():
        rows.append([f"{name}, resident", f"{each['cpu']:.1f} ms", "", f"{each['rss']:.1f} MiB"])
    ratio = median(known["ratios"])
    charts = [Bar("ours", cpu["watchdog"], f"{cpu['watchdog']:.0f} ms")]
    charts.append(Bar("shell script", cpu["plain.sh"], f"{cpu['plain.sh']:.0f} ms"))
    charts += [Bar(n, e["cpu"], f"{e['cpu']:.1f} ms") for n, e in staying.items()]
    text = [
        "\n## A healthy cycle\n",
        "The same probes on the same host: unit, two ports, health, ready, webhook inside and",
        f"out, Funnel, Ollama; `systemctl`: {known['systemctl']}, `tailscale`: a stand-in. Children",
        "are counted. Monit asks the same, but stays in memory; supervisord only holds one child,",
        "and a second of it stands for a cycle.\n",
        table(["", "CPU", "wall", "peak memory"], rows),
        _chart(folder, "cycle", bars("CPU of a healthy cycle", charts), "CPU of a healthy cycle"),
        (
            f"CPU ours to the script's, pair by pair: **{ratio:.2f}** (from "
            f"{min(known['ratios']):.2f} to {max(known['ratios']):.2f}). Goal 0.7: {_met(ratio <= 0.7)}."
        ),
        "What bounds it: the bare interpreter, `systemctl` and `tailscale` themselves, TLS.\n",
    ]
    if known["counted"]:
        ours, plain = known["counted"]["watchdog"], known["counted"]["plain.sh"]
        counts = [[key.replace("_", " "), str(ours[key]), str(plain[key])] for key in ours]
        text.append(table(["counted by strace", "ours", "shell script"], counts))
        text.append(
            "Written are one line of log and one snapshot, the shell script writes the line only."
        )
    return "\n".join(text) + "\n"


def _recovery(known: Figures, folder: Path) -> str:
    title = "\n## From the fault to the gateway healthy\n"
    if "not_measured" in known:
        return f"{title}\nNot measured: {known['not_measured']}.\n"
    turns = {name: values for name, values in known["in_turns"].items() if values}
    own = median(turns["own start"])
    rows = [
        [name, f"{median(values):.2f} s", f"{min(values):.2f}-{max(values):.2f} s"]
        for name, values in turns.items()
    ]
    ours, alone = median(turns["ours, default"]), median(turns["Restart=always"])
    text = [
        title,
        "A real gateway unit under a real `systemd --user`; time from before the fault's command",
        "until health and ready answer 200. First SIGKILL, in turns, so that all meet the same",
        (
            f"machine; `own start` is a plain `systemctl restart` (the gateway itself takes "
            f"{known['start_delay']} s to listen).\n"
        ),
        table(["SIGKILL", "median", "range"], rows),
        (
            f"Ours over the gateway's own start: {ours - own:.2f} s (goal 0.3 s: "
            f"{_met(ours - own < 0.3)}); over systemd's own `Restart=`: {ours - alone:.2f} s "
            f"(goal 0.1 s: {_met(ours - alone <= 0.1)}). What bounds it: a process has to start, look "
            "at everything, and write the attempt down durably, before it may restart; "
            "`Restart=` knows nothing and asks nobody.\n"
        ),
    ]
    faults = list(dict.fromkeys(f for each in known["side_by_side"].values() for f in each))
    if faults:
        text += _by_fault(known, faults, folder)
    return "\n".join(text) + "\n"


def _by_fault(known: Figures, faults: Sequence[str], folder: Path) -> list[str]:
    found = {name: each for name, each in known["side_by_side"].items() if each}
    rows = [
        [f"{name} ({known['watchers'][name]})", *(_seconds(each, fault) for fault in faults)]
        for name, each in found.items()
    ]
    text = [
        "Every fault, each watcher in a lab of its own, all at the same time. Those that look once",
        "in 60 or 120 s are measured once: where in its interval the fault falls is chance, so",
        "read them as up to so long. A dash is a fault that nobody there mends.\n",
        table(["", *faults], rows),
    ]
    for fault in faults:
        values = [(name, each[fault]) for name, each in found.items() if each.get(fault)]
        charted = [Bar(name, median(v), f"{median(v):.1f} s") for name, v in values]
        title = f"{fault}: seconds until mended (logarithmic)"
        name = "recovery-" + fault.lower().replace(" ", "-")
        text.append(_chart(folder, name, bars(title, charted, logarithmic=True), title))
    return text


def _seconds(each: Mapping[str, Sequence[float]], fault: str) -> str:
    if fault not in each:
        return "-"
    return f"{median(each[fault]):.1f} s" if each[fault] else "not within 5 min"


def _resident(known: Figures, _: Path) -> str:
    rows = [
        [str(mark["cycles"]), f"{mark['rss_kib'] / 1024:.1f} MiB", str(mark["descriptors"])]
        for mark in known["held"]
    ]
    percent = known["percent_of_a_core_at_60_s"]
    last = known["held"][-1]["rss_kib"] / 1024
    return "\n".join(
        [
            "\n## Resident memory\n",
            "The default form: none, between two cycles nothing of ours runs. The resident form",
            "(`loop`), after so many cycles with a public webhook over TLS:\n",
            table(["cycles", "memory (RSS)", "descriptors"], rows),
            (
                f"Goal 16 MiB: {_met(last <= 16)}. "
                "What bounds it: the bare interpreter is 8.5 MiB, OpenSSL another 6, most of"
            ),
            "both shared with whatever else uses them; without https it is 14.7 MiB. At an interval",
            f"of 60 s it costs {percent:.3f} % of a core, its children included, of which it spends",
            (
                f"{known['idle_ms_per_s']:.2f} ms a second on waiting. Goal 0.05 %: "
                f"{_met(percent <= 0.05)}.\n"
            ),
        ]
    )


def _scale(known: Sequence[Mapping[str, float]], _: Path) -> str:
    kinds = dict.fromkeys((each["looks"], each["server_s"]) for each in known)
    rows = []
    for looks, seconds in kinds:
        runs = [e for e in known if (e["looks"], e["server_s"]) == (looks, seconds)]
        wall, cpu = median(r["wall_s"] for r in runs), median(r["cpu_ms_a_look"] for r in runs)
        good = min(run["good"] for run in runs)
        rows.append(
            [f"{looks:.0f}", f"{seconds} s", f"{wall:.2f} s", f"{cpu:.2f} ms", f"{good:.0f}"]
        )
    return "\n".join(
        [
            "\n## Many looks at the same time\n",
            "HTTP looks through what takes a cycle's looks, at a server that thinks for so long:\n",
            table(["looks", "server", "wall", "CPU a look", "good"], rows),
            "Goals: wall near the slowest look, CPU below 0.5 ms a look. Up to 256 looks are in the",
            "air at once; a thousand slow ones go in four waves, which bounds the last row. A cycle",
            "has about ten.\n",
        ]
    )


def _history(known: Figures, _: Path) -> str:
    rows = [[f"`{name}`", f"{seconds:.2f} s"] for name, seconds in known["waits_s"].items()]
    good = known["database_mib"] < 50 and max(known["waits_s"].values()) < 0.3
    return "\n".join(
        [
            f"\n## {known['years']:.0f} years of history\n",
            (
                "Ten incidents a day, every hour's verdicts; the database has "
                f"{known['database_mib']:.1f} MiB. From the command to its last line:\n"
            ),
            table(["command", "wall"], rows),
            f"Goals: 0.3 s, 50 MiB: {_met(good)}.\n",
        ]
    )


def _simulator(known: Figures, _: Path) -> str:
    speed = known["years_a_minute"]
    cycles = known["cycles_run"] + known["cycles_leapt"]
    return "\n".join(
        [
            "\n## The simulator\n",
            (
                f"{known['weeks']} weeks that chance makes, {cycles:,} cycles, of which "
                f"{known['cycles_run']:,} were run and the others, on a calm host, leapt over "
                f"([proof.md](proof.md)): {known['cpu_s']:.0f} s of CPU, **{speed:.1f} years a minute** "
                f"on one core. Goal 1: {_met(speed >= 1)}. Invariants broken: {known['broken']}.\n"
            ),
        ]
    )


SECTIONS: dict[str, Callable[[Any, Path], str]] = {
    "cycle_cost": _cycle_cost,
    "recovery_time": _recovery,
    "resident": _resident,
    "scale": _scale,
    "long_history": _history,
    "simulator": _simulator,
}
