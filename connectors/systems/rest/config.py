"""The settings of the REST connector, as its form shows them."""

from __future__ import annotations

from marshmallow import fields, validate

from connectors.systems.rest.access import Access
from connectors.systems.rest.presets import PRESETS
from connectors.systems.rest.reading import LONGEST


class Config(Access):
    """Settings of the REST connector."""

    preset = fields.String(
        load_default="own",
        validate=validate.OneOf(list(PRESETS)),
        metadata={
            "label": "System",
            "help": "A system known here needs no description of its streams.",
            "choices": {name: each.label for name, each in PRESETS.items()},
            "order": 2,
            "is_shown": True,
        },
    )
    streams = fields.String(
        load_default="",
        validate=validate.Length(max=LONGEST),
        metadata={
            "label": "Streams",
            "help": "A list in YAML or JSON, each entry with name, path, records, key and entity, "
            "and where they apply cursor, paging, params, total, deletes and map. It takes the "
            "place of what the chosen system brings.",
            "widget": "lines",
            "order": 10,
            "is_shown": True,
        },
    )
