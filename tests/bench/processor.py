"""Processor time of process trees: steadier than rates on a machine that others use too."""

from __future__ import annotations

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def seconds_of(pid: int) -> float:
    """Processor seconds used so far by a process, its descendants, and those that have ended."""
    children: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It ended while we looked.
        number = int(entry.name)
        children.setdefault(int(fields[1]), []).append(number)
        used[number] = sum(int(each) for each in fields[11:15]) / TICK
    total, waiting = 0.0, [pid]
    while waiting:
        number = waiting.pop()
        total += used.get(number, 0.0)
        waiting.extend(children.get(number, ()))
    return total
