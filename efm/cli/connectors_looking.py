"""`efm connectors streams|dry-run|replay`: what a connection offers and would do; refused records again."""

from __future__ import annotations

import argparse
from typing import Any


def register(actions: Any) -> None:
    """Add the actions."""
    from efm.cli.connectors import add_action

    add_action(actions, "streams", "what a connection offers, and what of it is read", streams)
    dry = add_action(
        actions, "dry-run", "what reading a stream now would do; nothing is kept", dry_run
    )
    dry.add_argument("stream", help="the stream")
    dry.add_argument("--anew", action="store_true", help="from the beginning, not from where it is")
    dry.add_argument(
        "--most", type=int, default=1000, metavar="N", help="records to look at (1000)"
    )
    again = add_action(actions, "replay", "try the rejected records of a stream again", replay)
    again.add_argument("stream", help="the stream")


def streams(arguments: argparse.Namespace) -> int:
    """Name, key, entity, cursor and fields of each stream."""
    from efm.cli.connectors import connection_of, say
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.sync import connections, setup
    from efm.vault import Vault

    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, connection_id = connection_of(
            engine, arguments.organization, arguments.connection
        )
        with unit(engine, organization.id, read_only=True) as session:
            connection = connections.get(session, connection_id)
            read = {s.stream for s in setup.chosen(session, connection_id) if s.is_enabled}
            connector = connections.open_connector(config, Vault(config.secret_key), connection)
        with connections.plainly():
            offered = connector.streams()
        engine.dispose()
    said = [
        {
            "stream": each.name, "label": each.label, "key": [*each.key], "entity": each.entity,
            "cursor": each.cursor, "deletes": each.deletes, "fields": dict(each.fields),
            "is_read": each.name in read,
        }
        for each in offered
    ]  # fmt: skip
    lines = [
        f"{'*' if each['is_read'] else ' '} {each['stream']:30} {each['entity']:14}"
        f" by {each['cursor'] or 'whole passes'}"
        for each in said
    ]
    say(arguments, said, "\n".join([*lines, "", "* is read"] if lines else ["It offers nothing."]))
    return 0


def dry_run(arguments: argparse.Namespace) -> int:
    """Counts, reasons and examples."""
    from efm.cli.connectors import connection_of, say
    from efm.cli.open import opened
    from efm.db.engine import make_engine
    from efm.sync.rehearsal import rehearse

    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, connection_id = connection_of(
            engine, arguments.organization, arguments.connection
        )
        found = rehearse(
            engine, config, organization.id, connection_id, arguments.stream,
            most=arguments.most, is_anew=arguments.anew,
        )  # fmt: skip
        engine.dispose()
    counts = found.counts
    said = {
        "read": found.read, "created": counts.created, "updated": counts.updated,
        "unchanged": counts.unchanged, "deleted": found.deleted, "rejected": found.rejected,
        "is_whole": found.is_whole, "reasons": dict(found.reasons), "new": found.new,
        "changes": [
            {"external_id": key, "fields": {n: [before, after] for n, before, after in fields}}
            for key, fields in found.changes
        ],
    }  # fmt: skip
    lines = [
        f"{found.read:,} read{'' if found.is_whole else ' (there are more)'}: {counts.created:,} new,"
        f" {counts.updated:,} changed, {counts.unchanged:,} as they are, {found.deleted:,} deleted,"
        f" {found.rejected:,} rejected. Nothing was kept."
    ]
    for key, fields in found.changes:
        lines += [f"  {key}: {n}: {before!r} becomes {after!r}" for n, before, after in fields]
    lines += [f"  rejected {n:,} times: {reason}" for reason, n in found.reasons.most_common(5)]
    say(arguments, said, "\n".join(lines))
    return 0


def replay(arguments: argparse.Namespace) -> int:
    """Every open rejected record once more; non-zero when some are still refused."""
    from efm import clock
    from efm.cli.connectors import connection_of, say
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.sync import replay as again

    tried = left = 0
    with opened() as config:
        engine = make_engine(config.database_url or "")
        organization, connection_id = connection_of(
            engine, arguments.organization, arguments.connection
        )
        after = None
        while True:
            with unit(engine, organization.id) as session:
                batch = again.open_ones(session, connection_id, arguments.stream, after)
                if not batch:
                    break
                after = batch[-1].id
                tried += len(batch)
                left += len(batch) - again.replay(session, batch, clock.now())
        engine.dispose()
    said = {"tried": tried, "taken": tried - left, "rejected": left}
    say(
        arguments,
        said,
        f"{tried:,} tried: {tried - left:,} are taken now, {left:,} still rejected.",
    )
    return 1 if left else 0
