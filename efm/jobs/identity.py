"""The job that looks through all customers of an organization for those that are one."""

from __future__ import annotations

from efm import log
from efm.customers import passes
from efm.errors import Conflict
from efm.events.registry import Interrupted, JobContext, Registry

RESOLVE = "identity.resolve"
logger = log.get("identity")


def resolve(context: JobContext, is_asked: bool = False) -> None:
    """A pass over all customers; one that was cut is gone on with. One that runs is left alone.

    Where no source said anything new since the last pass, nothing can be found, and none is begun
    unless somebody asked for it.
    """
    from efm.customers.resolving import Resolver, Stopped  # It loads numpy: only when needed.

    assert context.organization_id is not None, "customers belong to an organization"
    with context.unit(read_only=True) as session:
        if not is_asked and not passes.has_news(session):
            return
    resolver = Resolver(
        context.engine, context.organization_id, is_stopping=context.is_stopping, now=context.now
    )
    try:
        found = resolver.run()
    except Stopped as error:
        raise Interrupted from error
    except Conflict:
        logger.info("identity.under_way")
        return
    logger.info("identity.resolved", **{name: found[name] for name in ("contacts", "seconds")})


def register(registry: Registry) -> None:
    """Declare the job."""
    registry.job(RESOLVE, resolve)
