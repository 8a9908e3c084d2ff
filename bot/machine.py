"""What a figure was measured on: printed beside every one of them."""

from __future__ import annotations

import datetime
import os
import platform
from pathlib import Path


def machine() -> dict[str, str | int]:
    """Processor, cores, memory, system and the date."""
    cpu = next(
        (line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory_kib = next((int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0)
    return {
        "cpu": cpu,
        "cores": os.cpu_count() or 0,
        "memory_gb": round(memory_kib / 1e6),
        "system": platform.platform(),
        "python": platform.python_version(),
        "date": datetime.date.today().isoformat(),
    }


def resident_mb(pids: list[int]) -> float:
    """Memory that these processes and their children hold (proportional set size, so that shared pages count once)."""
    total_kib = 0
    for pid in _with_children(pids):
        rollup = {line.split(":")[0]: line for line in _lines(f"/proc/{pid}/smaps_rollup")}
        if "Pss" in rollup:
            total_kib += int(rollup["Pss"].split()[1])
    return round(total_kib / 1000, 1)


def cpu_seconds(pid: int) -> dict[str, float]:
    """Processor time that a process and its children have used, by what they run: a Python module, or a program."""
    used: dict[str, float] = {}
    for one in _with_children([pid]):
        fields = " ".join(_lines(f"/proc/{one}/stat")).rpartition(")")[2].split()
        if fields:
            name = program(" ".join(_lines(f"/proc/{one}/cmdline")).split("\0"))
            used[name] = used.get(name, 0.0) + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return used


def program(arguments: list[str]) -> str:
    """What a command line runs: the module or script that Python is given, or the file name of the program."""
    names = [Path(one).name for one in arguments if one and not one.startswith("-")]
    return names[1] if len(names) > 1 and names[0].startswith("python") else (names or ["?"])[0]


def _with_children(pids: list[int]) -> list[int]:
    found = list(pids)
    for pid in found:
        for task in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in " ".join(_lines(str(task))).split() if int(child) not in found]
    return found


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
