"""`efm measures list|derive|explain`: what is derived of customers' facts, here and now."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from typing import Any


def register(commands: Any) -> None:
    """Add the commands."""
    parser = commands.add_parser("measures", help="measurements derived of customers' facts")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="the measures, and how many customers have a value")
    listed.set_defaults(run=show_list)
    derived = actions.add_parser("derive", help="derive what changed, and say how long it took")
    derived.add_argument("--anew", action="store_true", help="derive everything, not what changed")
    derived.set_defaults(run=derive)
    explained = actions.add_parser("explain", help="what a measure says, its settings and its SQL")
    explained.add_argument("name", metavar="MEASURE", help="such as revenue")
    explained.add_argument("--customer", metavar="ID", help="its values of one contact or account")
    explained.set_defaults(run=explain)
    for each in (listed, derived, explained):
        each.add_argument("--organization", metavar="SLUG", help="only this organization")
        each.add_argument("--json", action="store_true", help="print JSON")


def _said(line: Any) -> dict[str, Any]:
    """One measure as JSON has it."""
    measure = line.chosen.measure
    return {
        "name": measure.name, "label": measure.label, "unit": measure.kind,
        "period": measure.period(line.chosen.values), "is_on": line.chosen.is_on,
        "problems": line.chosen.problems, "parameters": dict(line.chosen.values),
        "customers": {
            each.words: {
                "metric": measure.metric(each.entity), "all": each.state.customers,
                "with_a_value": each.state.valued, "without": dict(each.why),
            }
            for each in line.counts if each.state
        },
    }  # fmt: skip


def show_list(arguments: argparse.Namespace) -> int:
    """Every measure of each organization."""
    from efm.cli.connectors import _organizations
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.measures import listing

    found = []
    with opened() as config:
        engine = make_engine(config.database_url or "")
        for organization in _organizations(engine, arguments.organization):
            with unit(engine, organization.id, read_only=True) as session:
                lines = listing.lines(session)
                found.append({"organization": organization.slug, "measures": [*map(_said, lines)]})
                if not arguments.json:
                    print(organization.slug)
                    print("\n".join(_line(line) for line in lines))
        engine.dispose()
    if arguments.json:
        print(json.dumps(found))
    return 0


def _line(line: Any) -> str:
    counts = ", ".join(
        f"{each.state.valued:,} of {each.state.customers:,} {each.words}"
        for each in line.counts
        if each.state and each.state.counted_at
    )
    return (
        f"  {line.chosen.measure.name:<24}{line.condition[1]:<16}{line.unit}, {line.period}"
        f"{': ' + counts if counts else ''}"
    )


def _progress(what: str, done: int) -> None:
    print(f"{what}: {done:,}", file=sys.stderr)


def derive(arguments: argparse.Namespace) -> int:
    """Derive here and now; one that was cut is gone on with."""
    from efm.cli.connectors import _organizations
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.measures import counting
    from efm.measures.deriving import Deriver

    with opened() as config:
        engine = make_engine(config.database_url or "")
        for organization in _organizations(engine, arguments.organization):
            done = Deriver(engine, organization.id, tell=_progress).run(anew=arguments.anew)
            with unit(engine, organization.id, read_only=True) as session:
                facts = counting.facts(session)
            found = {"organization": organization.slug, "facts": facts, **done.as_dict()}
            if arguments.json:
                print(json.dumps(found))
            else:
                print(
                    f"{organization.slug}: {found['values_written']:,} values written,"
                    f" {found['values_gone']:,} gone, in {found['seconds']:,} s; {facts:,} facts,"
                    f" {done.walked:,} customers derived, {done.changed:,} of changed facts"
                )
        engine.dispose()
    return 0


def explain(arguments: argparse.Namespace) -> int:
    """One measure in words and SQL; with a customer, its values."""
    from efm.cli.connectors import _organizations
    from efm.cli.open import opened
    from efm.db.engine import make_engine, unit
    from efm.errors import Invalid
    from efm.measures import listing

    try:
        customer = uuid.UUID(arguments.customer) if arguments.customer else None
    except ValueError:
        raise Invalid(f"{arguments.customer!r} is not the id of a contact or an account.") from None
    found = []
    with opened() as config:
        engine = make_engine(config.database_url or "")
        for organization in _organizations(engine, arguments.organization):
            with unit(engine, organization.id, read_only=True) as session:
                line = listing.line(session, arguments.name)
                rows = listing.values(session, line.chosen, customer) if customer else []
                values = [dict(row._mapping) for row in rows]
            sql = {each.words: listing.sql(line.chosen, each.entity) for each in line.counts}
            found.append(
                {"organization": organization.slug, **_said(line), "rule": line.chosen.measure.rule,
                 "sql": sql, "values": values}
            )  # fmt: skip
        engine.dispose()
    if arguments.json:
        print(json.dumps(found, default=str))
    else:
        print("\n\n".join(_explained(each, bool(customer)) for each in found))
    return 0


def _explained(found: dict[str, Any], is_of_customer: bool) -> str:
    parts = [f"{found['organization']}: {found['label']} ({found['unit']})", found["rule"]]
    parts += [f"{name}: {problem}" for name, problem in found["problems"].items()]
    for words, counts in found["customers"].items():
        parts.append(f"{words}: {counts['with_a_value']} of {counts['all']} have a value")
        parts += [f"  {n:,} with {why}" for why, n in counts["without"].items()]
    if is_of_customer:
        for row in found["values"]:
            amount = row["value"] if row["currency"] is None else row["amount_minor"]
            currency = f" {row['currency']} in its smallest unit" if row["currency"] else ""
            parts.append(
                f"{row['measured_on']} {row['metric']}: {amount}{currency} of {row['facts']} facts"
            )
        parts += [] if found["values"] else ["This customer has no value."]
        return "\n".join(parts)
    parts += [f"-- SQL of {words}\n{sql}" for words, sql in found["sql"].items()]
    return "\n".join(parts)
