"""Tables written as the XML LimeSurvey reads."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import escape

Record = Mapping[str, "str | int | None"]

DATABASE = "623"
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(languages: Sequence[str], tables: Mapping[str, Sequence[Record]]) -> bytes:
    """The file of a survey with these tables."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<document>"]
    lines += [
        " <LimeSurveyDocType>Survey</LimeSurveyDocType>",
        f" <DBVersion>{DATABASE}</DBVersion>",
    ]
    lines += [
        " <languages>",
        *(f"  <language>{escape(each)}</language>" for each in languages),
        " </languages>",
    ]
    for name, rows in tables.items():
        if not rows:
            continue
        fields = list(dict.fromkeys(field for row in rows for field in row))
        lines += [f" <{name}>", "  <fields>"]
        lines += [f"   <fieldname>{field}</fieldname>" for field in fields]
        lines += ["  </fields>", "  <rows>"]
        for row in rows:
            lines.append("   <row>")
            lines += [_cell(field, value) for field, value in row.items() if value is not None]
            lines.append("   </row>")
        lines += ["  </rows>", f" </{name}>"]
    return "\n".join([*lines, "</document>", ""]).encode()


def _cell(field: str, value: str | int | None) -> str:
    text = _NO_XML.sub("", str(value)).replace("]]>", "]]]]><![CDATA[>")
    return f"    <{field}><![CDATA[{text}]]></{field}>" if text else f"    <{field}/>"
