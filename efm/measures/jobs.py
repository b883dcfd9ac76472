"""The job that derives measurements: what is due in an organization, one part a transaction."""

from __future__ import annotations

from sqlalchemy.orm import Session

from efm import log, queue
from efm.errors import Conflict
from efm.events.registry import Interrupted, JobContext, Registry
from efm.measures.deriving import Deriver, Stopped

DERIVE = "measures.derive"
logger = log.get("measures")


def ask(session: Session) -> None:
    """Derive soon because somebody asked; one that waits and was asked for already does it."""
    key = f"{DERIVE}:{session.info['organization_id']}"
    queue.enqueue(session, DERIVE, lock=key, once=f"{key}:asked", is_asked=True)


def derive(context: JobContext, is_asked: bool = False) -> None:
    """Derive what is due; a derivation that was cut is gone on with. One that runs is left alone.

    Where somebody asked, all that values follow from is looked at; the clock's turn only asks what
    costs little.
    """
    assert context.organization_id is not None, "customers belong to an organization"
    deriver = Deriver(
        context.engine, context.organization_id, is_stopping=context.is_stopping, now=context.now
    )
    if not is_asked and not deriver.is_due():
        return
    try:
        done = deriver.run()
    except Stopped as error:
        raise Interrupted from error
    except Conflict:
        logger.info("measures.under_way")
        return
    logger.info("measures.derived", **done.as_dict())


def register(registry: Registry) -> None:
    """Declare the job."""
    registry.job(DERIVE, derive)
