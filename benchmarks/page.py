"""The figures as a page for a stranger: tables, charts, what was aimed at, and what bounds it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.charts import Bar, bars

Figures = Mapping[str, Any]

HEAD = """# Performance

Made by `make bench`, which takes about eleven minutes and needs root for the parts with real
systemd. A table is of one run on one machine, its rows side by side; medians, unless a row says
otherwise. Machines differ and are noisy: the ratios travel, the milliseconds do not.
[benchmarks/](../benchmarks/README.md) says how each is measured; the raw figures lie in
[performance/figures.json](performance/figures.json).
"""


OWNERS = "A host is installed with the system's own; the other is that of this measurement."


def write(known: Figures, folder: Path) -> None:
    """Write performance.md and its charts into a folder."""
    parts = [HEAD, _machine(known["machine"])]
    for name, section in SECTIONS.items():
        if name in known:
            part = _with_killed(known) if name == "faults" else known[name]
            parts.append(section(part, folder / "performance"))
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
    other = known["with_systems_python"]
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
        _ratio("With", known),
        *([_ratio("With the system's own", other), OWNERS] if other else []),
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


def _ratio(with_which: str, known: Figures) -> str:
    cpu, script = (median(run["cpu"] for run in known[side]) for side in ("watchdog", "plain.sh"))
    ratios = known["ratios"]
    return (
        f"{with_which} CPython {known['python']}, {cpu:.0f} ms to the script's {script:.0f} ms: pair by pair "
        f"**{median(ratios):.2f}** (from {min(ratios):.2f} to {max(ratios):.2f}). "
        f"Goal 0.7: {_met(median(ratios) <= 0.7)}."
    )


def _killed(known: Figures, folder: Path) -> str:
    title = "\n## From SIGKILL to the gateway healthy\n"
    if "not_measured" in known:
        return f"{title}\nNot measured: {known['not_measured']}.\n"
    turns = {name: values for name, values in known["in_turns"].items() if values}
    middle = {name: median(values) for name, values in turns.items()}
    rows = [
        [name, f"{middle[name]:.2f} s", f"{min(values):.2f}-{max(values):.2f} s"]
        for name, values in turns.items()
    ]
    ours = middle["ours, default"]
    over, beside = ours - middle["own start"], ours - middle["Restart=always"]
    charted = [Bar(name, value, f"{value:.2f} s") for name, value in middle.items()]
    words = "SIGKILL: seconds until healthy"
    went = {name: runs for name, runs in known["steps"].items() if runs}
    heads = list(dict.fromkeys(head for runs in went.values() for run in runs for head in run))
    return "\n".join(
        [
            title,
            "A real gateway unit under a real `systemd --user`; time from before the fault's",
            "command until health and ready answer 200, in turns, so that all meet the same",
            "machine. `own start` is a plain `systemctl restart`; the gateway itself takes",
            f"{known['start_delay']} s of it to listen.\n",
            table(["SIGKILL", "median", "range"], rows),
            _chart(folder, "recovery-killed", bars(words, charted), words),
            (
                f"Ours over the gateway's own start: {over:.2f} s. Goal 0.3 s: {_met(over < 0.3)}. "
                f"Over systemd's own `Restart=`: {beside:.2f} s. Goal 0.1 s: {_met(beside <= 0.1)}."
            ),
            "\nWhere it goes, by systemd's own journal. `Restart=` waits 100 ms before it starts",
            "anything (`RestartSec=`); in that time ours starts its interpreter, looks at",
            "everything, writes the attempt down durably, and asks `systemctl`. The last column",
            "has the fault's command and the gateway's own start in it.\n",
            table(
                ["medians", *heads],
                (
                    [
                        name,
                        *(
                            f"{median(run[head] for run in runs):.3f} s" if head in runs[0] else "-"
                            for head in heads
                        ),
                    ]
                    for name, runs in went.items()
                ),
            ),
        ]
    )


def _with_killed(known: Figures) -> Figures:
    """The faults, and SIGKILL of those for whom it was measured in turns."""
    faults: Figures = known["faults"]
    turns = known.get("killed", {}).get("in_turns", {})
    found = {
        name: {**({"killed": turns[name]} if name in turns else {}), **each}
        for name, each in faults.get("side_by_side", {}).items()
    }
    return {**faults, "side_by_side": found}


def _faults(known: Figures, folder: Path) -> str:
    title = "\n## From any fault to its end\n"
    if "not_measured" in known:
        return f"{title}\nNot measured: {known['not_measured']}.\n"
    found, faults = known["side_by_side"], known["faults"]
    rows = [
        [f"{name} ({known['watchers'][name]})", *(_seconds(known, name, f) for f in faults)]
        for name in found
    ]
    text = [
        title,
        "Each watcher in labs of its own, all at the same time; after the grace that it gives to",
        "a gateway just started. Those that look once in 60 or 120 s are struck in the middle",
        "between two looks: by chance it is up to half an interval more or less. Where a watcher does",
        "not look at all, nobody waited for it: systemd takes a process that hangs for one that",
        "runs, and `stop` for an order. Monit needs two looks for what a program of the owner's",
        "has to tell it, as here for the Funnel.\n",
        table(["", *faults], rows),
    ]
    for fault in faults:
        values = {name: _mended(each.get(fault, ())) for name, each in found.items()}
        charted = [Bar(n, median(v), f"{median(v):.1f} s") for n, v in values.items() if v]
        if charted:
            words = f"{fault}: seconds until mended (logarithmic)"
            name = "fault-" + fault.lower().replace(" ", "-")
            text.append(_chart(folder, name, bars(words, charted, logarithmic=True), words))
    return "\n".join(text)


def _mended(values: Iterable[float | None]) -> list[float]:
    return [value for value in values if value is not None]


def _seconds(known: Figures, name: str, fault: str) -> str:
    if fault not in known["sees"][name]:
        return "does not see it"
    values = known["side_by_side"][name].get(fault)
    if values is None:
        return "not measured"
    mended = _mended(values)
    return f"{median(mended):.1f} s" if mended else "not mended"


def _resident(known: Figures, _: Path) -> str:
    rows = [
        [
            f"{mark['cycles']:,}",
            f"{mark['rss_kib'] / 1024:.1f} MiB",
            f"{mark['anonymous_kib'] / 1024:.1f} MiB",
            str(mark["descriptors"]),
        ]
        for mark in known["held"]
    ]
    percent = known["percent_of_a_core_at_60_s"]
    last = known["held"][-1]["rss_kib"] / 1024
    plain = known["held_without_tls"]
    return "\n".join(
        [
            "\n## Resident memory\n",
            "The default form: none, between two cycles nothing of ours runs. The resident form",
            "(`loop`), after so many cycles with a public webhook over TLS:\n",
            table(["cycles", "memory (RSS)", "of it its own", "descriptors"], rows),
            (
                f"Goal 16 MiB: {_met(last <= 16)}. "
                "What bounds it: the bare interpreter is 8.5 MiB, OpenSSL another 6, most of"
            ),
            "both files that are shared with whatever else uses them, and not its own; without https",
            f"it is {plain['rss_kib'] / 1024:.1f} MiB after {plain['cycles']:,}. At an interval",
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
    "killed": _killed,
    "faults": _faults,
    "resident": _resident,
    "scale": _scale,
    "long_history": _history,
    "simulator": _simulator,
}
