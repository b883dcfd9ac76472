"""Runs a command and turns refusals into one clear line and a non-zero exit."""

from __future__ import annotations

import argparse
import os
import sys

from efm.config import ConfigProblems
from efm.db.embedded_errors import EmbeddedError
from efm.errors import EfmError


def run(chosen: argparse.Namespace) -> int:
    """The command's exit code; 1 on a refusal, 130 when interrupted."""
    try:
        return int(chosen.run(chosen) or 0)
    except ConfigProblems as error:
        print(error, file=sys.stderr)
    except EmbeddedError as error:
        print(f"efm: {error}", file=sys.stderr)
    except EfmError as error:
        print(f"efm: {error.message}", file=sys.stderr)
        for where, what in error.problems.items():
            print(f"  {where}: {what}", file=sys.stderr)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        return 130
    return 1
