"""The import contracts of setup.cfg hold."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_imports_fall() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run(
        [sys.executable, str(program), "--config", "setup.cfg"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-3000:]
