"""The settings of the OData connector, as its form shows them."""

from __future__ import annotations

from marshmallow import fields, validate

from connectors.systems.rest.access import Access

_NAME = r"[A-Za-z_][A-Za-z0-9_.]{0,127}"


class Config(Access):
    """Settings of the OData connector."""

    entity_sets = fields.List(
        fields.String(
            validate=validate.Regexp(
                rf"^{_NAME}$", error="A name of the service's, such as Contacts."
            )
        ),
        load_default=list,
        validate=validate.Length(max=500),
        metadata={
            "label": "Entity sets",
            "help": "Those to offer, one a line. Empty: all of the service.",
            "order": 6,
        },
    )
    writable = fields.List(
        fields.String(
            validate=validate.Regexp(
                rf"^{_NAME}\s*:\s*{_NAME}(\s*,\s*{_NAME})*\s*$",
                error="Write it like Contacts: NpsScore, NpsBand.",
            )
        ),
        load_default=list,
        validate=validate.Length(max=100),
        metadata={
            "label": "Fields to write back",
            "help": "One entity set a line with its fields, such as Contacts: NpsScore, NpsBand. "
            "Nothing else is ever changed.",
            "order": 7,
        },
    )
    changed_at = fields.String(
        load_default="",
        validate=validate.Regexp(rf"^({_NAME})?$", error="A name, such as modifiedAt."),
        metadata={
            "label": "Field of the last change",
            "help": "Empty: found by its name. Entity sets without one are read whole each time.",
            "order": 31,
        },
    )
    lag_seconds = fields.Integer(
        load_default=60,
        validate=validate.Range(min=0, max=86_400),
        metadata={
            "label": "Read again, in seconds",
            "help": "How far each reading reaches back behind the last, for changes saved late.",
            "order": 32,
        },
    )
    page_size = fields.Integer(
        load_default=1000,
        validate=validate.Range(min=1, max=10_000),
        metadata={"label": "Records a page", "order": 33},
    )
