"""Which blocks a randomizer shows a person: drawn from the response's id, or presented evenly."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from surveys.compiled import Compiled
from surveys.logic import Context, draw
from surveys.parts import Randomizer
from surveys.sequence import arms

# One at a time for each survey, so that two who begin together do not both get the rarest block.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(CAST(:survey AS text), 7))")
_COUNTS = text("""
    SELECT quota_key, n FROM quota_counts
    WHERE organization_id = :organization AND survey_id = :survey AND quota_key LIKE :like
""")
_COUNT = text("""
    INSERT INTO quota_counts (organization_id, survey_id, quota_key, n)
    VALUES (:organization, :survey, :key, 1)
    ON CONFLICT (organization_id, survey_id, quota_key) DO UPDATE SET n = quota_counts.n + 1
""")


def are_even(compiled: Compiled, place: int) -> list[Randomizer]:
    """The randomizers that present their blocks evenly and are drawn after this first page.

    One whose block is the first page was drawn when that was shown, before anything was stored.
    """
    first = compiled.definition.pages[place].block
    here = {block.randomizer for block in compiled.definition.blocks if block.key == first}
    return [
        each for each in compiled.definition.randomizers if each.is_even and each.key not in here
    ]


def drawn(compiled: Compiled, about: Context) -> dict[str, list[str]]:
    """What is stored of the draws of a response."""
    if not compiled.definition.randomizers:
        return {}
    return arms(compiled.definition, compiled.flow.legs, about)


def stored(compiled: Compiled, data: Mapping[str, Any]) -> dict[str, list[str]]:
    """The draws a response keeps among its data."""
    found = {}
    for each in compiled.definition.randomizers:
        value = data.get(each.key)
        if isinstance(value, list) and all(isinstance(part, str) for part in value):
            found[each.key] = value
    return found


def assign(
    session: Session, compiled: Compiled, survey_id: uuid.UUID, place: int, about: Context
) -> dict[str, list[str]]:
    """Draw for a response that begins: of even randomizers the blocks presented least so far."""
    even = are_even(compiled, place)
    chosen: dict[str, list[str]] = {}
    organization_id = session.info["organization_id"]
    if even:
        session.execute(_LOCK, {"survey": str(survey_id)})
    for each in even:
        named = {"organization": organization_id, "survey": survey_id}
        like = each.key.replace("_", r"\_") + ".%"
        counts = {row.quota_key: row.n for row in session.execute(_COUNTS, {**named, "like": like})}
        blocks = [b.key for b in compiled.definition.blocks if b.randomizer == each.key]
        # Among those presented equally often the response's own draw decides.
        blocks.sort(
            key=lambda key: (
                counts.get(f"{each.key}.{key}", 0),
                draw(about.seed, f"even.{each.key}.{key}"),
            )
        )
        chosen[each.key] = blocks[: each.show or len(blocks)]
        for key in chosen[each.key]:
            session.execute(_COUNT, {**named, "key": f"{each.key}.{key}"})
    return drawn(compiled, about._replace(drawn={**about.drawn, **chosen}))
