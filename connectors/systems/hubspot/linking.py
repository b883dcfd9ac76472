"""Objects made into records, with the records they are associated to (associations v4).

Source: https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from connectors.systems.hubspot.api import Api, items_of, text_of
from connectors.systems.hubspot.kinds import KINDS, Kind
from connectors.systems.hubspot.portal import Portal
from connectors.systems.hubspot.refusals import Absent, BadRequest
from connectors.systems.hubspot.shapes import Record, chosen, complete, linked, plain

MOST = 1000
"""Records whose associations one call tells."""


class Linking:
    """Makes the records of one account."""

    def __init__(self, api: Api, portal: Portal) -> None:
        self._api, self._portal = api, portal
        self._is_batched = True

    def records(
        self, kind: Kind, objects: Sequence[Mapping[str, Any]], fields: Mapping[str, str]
    ) -> list[Record]:
        """The records of these objects, in their order."""
        ids = [text_of(each.get("id")) for each in objects]
        links: dict[str, dict[str, str]] = {}
        for to in kind.to if ids else ():
            # Customers that are not read here would lead nowhere, and their scope may be lacking.
            if to in self._portal.names or to == "orders":
                for key, found in self._targets(kind.name, to, ids).items():
                    links.setdefault(key, {})[to] = found
        stages = self._portal.stages(kind) if ids else {}
        made = []
        for each in objects:
            record = plain(each, fields)
            linked(record, kind, links.get(record["id"], {}))
            made.append(complete(record, kind, stages))
        return made

    def _targets(self, kind: str, to: str, ids: Sequence[str]) -> dict[str, str]:
        """The one record of `to` each id is associated with most of all."""
        found: dict[str, str] = {}
        for start in range(0, len(ids), MOST):
            some = ids[start : start + MOST]
            batch = self._batch(kind, to, some) if self._is_batched else None
            found |= self._singly(kind, to, some) if batch is None else batch
        return found

    def _batch(self, kind: str, to: str, ids: Sequence[str]) -> dict[str, str] | None:
        """Of many at once; None where the server does not know this call."""
        path = f"crm/v4/associations/{quote(kind, safe='')}/{to}/batch/read"
        try:
            said = self._api.post(path, {"inputs": [{"id": each} for each in ids]})
        except BadRequest:
            if kind in KINDS:
                raise
            return {}  # this custom object is not associated with them in this account
        except Absent:
            self._is_batched = False
            return None
        found = {}
        for each in items_of(said):
            start, targets = each.get("from"), each.get("to")
            key = text_of(start.get("id")) if isinstance(start, dict) else ""
            best = _best(targets)
            if key and best:
                found[key] = best
        return found

    def _singly(self, kind: str, to: str, ids: Sequence[str]) -> dict[str, str]:
        found = {}
        for each in ids:
            path = f"crm/v4/objects/{quote(kind, safe='')}/{quote(each, safe='')}/associations/{to}"
            try:
                best = _best(self._api.get(path).get("results"))
            except (Absent, BadRequest):
                best = ""
            if best:
                found[each] = best
        return found


def _best(targets: Any) -> str:
    each = targets if isinstance(targets, list) else []
    return chosen([one for one in each if isinstance(one, dict)])
