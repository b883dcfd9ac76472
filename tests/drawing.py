"""How many examples a property is tried on: all in the full part of CI, a quarter in the quick one."""

from __future__ import annotations

import os

IS_FULL = os.environ.get("EFM_CI") == "full"


def many(examples: int) -> int:
    """So many examples, or a quarter of them where the answer is waited for."""
    return examples if IS_FULL else max(10, examples // 4)
