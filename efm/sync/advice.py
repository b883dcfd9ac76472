"""What to do about a run that did not end well, in one sentence, by who has to act."""

from __future__ import annotations

from connectors.errors import ConnectorError, QuotaReached, Transient
from efm.errors import EfmError
from efm.models import SyncRun

ADMIN, PASSING, QUOTA, FAULT = "admin", "passing", "quota", "fault"

_SENTENCES = {
    ADMIN: "Somebody has to act: put right what is said above, check the connection, then read again."
    " What was read stays.",
    PASSING: "This often passes by itself. What was read stays, and the next run goes on from there;"
    " if it stays so, check the connection.",
    QUOTA: "Nothing has to be done. What was read stays, and reading goes on from there.",
    FAULT: "Read again; if it stays, tell whoever runs this service and name the time of the run."
    " What was read stays.",
}


def kind_of(error: Exception) -> str:
    """Who has to act on an error."""
    if isinstance(error, QuotaReached):
        return QUOTA
    if isinstance(error, Transient):
        return PASSING
    return ADMIN if isinstance(error, (ConnectorError, EfmError)) else FAULT


def words(run: SyncRun) -> str:
    """What to do about the run; empty where there is nothing."""
    if run.state not in ("failed", "cancelled") or not run.error:
        return ""
    return _SENTENCES.get(run.error_kind or ADMIN, "")
