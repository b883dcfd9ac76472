"""The definitions of the simulated environment's tables, as the Web API gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tests.connectors.dataverse.environment import Environment, Row
from tests.connectors.dataverse.reply import Reply, refusal
from tests.connectors.dataverse.schema import Spec, attribute, definition, made, relations

Query = Mapping[str, str]
_ONE = re.compile(r"EntityDefinitions\((?:LogicalName='(\w+)'|([\w-]+))\)(?:/(.*))?").fullmatch


def answer(env: Environment, rest: str, options: Query, said: Any) -> Reply:
    """A call of EntityDefinitions or CreateEntities."""
    if rest == "CreateEntities":
        for each in said["Entities"]:
            spec = made(each)
            env.tables[spec.name], env.rows[spec.name] = spec, {}
        return Reply(200, {"Entities": []})
    if rest == "EntityDefinitions":
        named = re.findall(r"LogicalName eq '(\w+)'", options.get("$filter", ""))
        specs = [env.tables[name] for name in named if name in env.tables]
        return Reply(200, {"value": [definition(each) for each in specs]})
    found = _ONE(rest)
    wanted = (found[1] or found[2]) if found else ""
    spec_found = next((s for s in env.tables.values() if wanted in (s.name, s.id)), None)
    if found is None or spec_found is None:
        text = f"Could not find an entity with specified name in {rest}."
        raise refusal(404, "0x80060888", text)
    return _described(spec_found, found[3] or "", options)


def _described(spec: Spec, rest: str, options: Query) -> Reply:
    columns = [attribute(spec, name) for name in spec.columns]
    if not rest:
        expand = options.get("$expand", "")
        more: Row = {"Attributes": columns} if "Attributes(" in expand else {}
        if "ManyToOneRelationships(" in expand:
            more["ManyToOneRelationships"] = relations(spec)
        return Reply(200, {**definition(spec), **more})
    cast = re.fullmatch(r"Attributes/Microsoft\.Dynamics\.CRM\.(\w+)", rest)
    if cast:
        columns = [each for each in columns if each["@odata.type"].endswith(f".{cast[1]}")]
    elif rest != "Attributes":
        raise refusal(404, "0x80060888", f"Resource not found for the segment '{rest}'.")
    return Reply(200, {"value": columns})
