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
