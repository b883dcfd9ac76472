"""What every benchmark is told, and what every one says of the machine it ran on."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Options:
    """How long to measure. `threads` are those of each of the two processes of ours."""

    rounds: int = 5
    seconds: float = 5.0
    threads: int | None = None
    responses: int = 100_000
    contacts: int = 1_000_000


def machine() -> dict[str, Any]:
    """The machine, and how busy it was before."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "load_average": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }
