"""Translations as XLIFF: written in version 2.1 (OASIS, 2018), read in 1.2 and 2.x."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from surveys.formats.errors import FormatError
from surveys.localizing import texts
from surveys.parts import Definition
from surveys.translating import Translated

MOST_BYTES = 10 * 1024 * 1024
MOST_UNITS = 50_000
NAMESPACE = "urn:oasis:names:tc:xliff:document:2.0"
_XML_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def write_xliff(definition: Definition, language: str) -> bytes:
    """All texts of a survey with their translations to one language, for a translator's tool."""
    root = Element("xliff", {
        "xmlns": NAMESPACE, "version": "2.1", "srcLang": definition.language, "trgLang": language,
    })  # fmt: skip
    file = SubElement(root, "file", {"id": "survey"})
    known = definition.translations.get(language, {})
    for number, (place, text) in enumerate(texts(definition).items(), 1):
        unit = SubElement(file, "unit", {"id": f"u{number}", "name": place})
        is_done = place in known
        segment = SubElement(unit, "segment", {"state": "translated" if is_done else "initial"})
        SubElement(segment, "source", {_XML_SPACE: "preserve"}).text = text
        if is_done:
            SubElement(segment, "target", {_XML_SPACE: "preserve"}).text = known[place]
    content: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def read_xliff(content: bytes) -> Translated:
    """The translations in a file; raises FormatError for what is no XLIFF."""
    if len(content) > MOST_BYTES:
        raise FormatError("This file is too large. Send one of at most 10 MB.")
    try:
        root = ElementTree.fromstring(content, forbid_dtd=True)
    except (ElementTree.ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FormatError(f"This is no XML that can be read: {error}") from error
    if _plain(root.tag) != "xliff":
        raise FormatError("This is no XLIFF file: its first element is not xliff.")
    language = root.get("trgLang", "")
    found: dict[str, str] = {}
    sources: dict[str, str] = {}
    for each in root.iter():
        name = _plain(each.tag)
        if name == "file" and not language:
            language = each.get("target-language", "")
        if name not in ("unit", "trans-unit") or len(found) >= MOST_UNITS:
            continue
        place = each.get("name") or each.get("resname") or each.get("id") or ""
        sources[place] = "".join(_said(each, "source"))
        target = "".join(_said(each, "target")).strip()
        if place and target:
            found[place] = target
    if not sources:
        raise FormatError("This XLIFF file holds no texts.")
    return Translated(language, found, sources)


def _plain(tag: Any) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _said(unit: Element, name: str) -> Iterator[str]:
    """The text of a unit's segments, inline marks left out."""
    for each in unit.iter():
        if _plain(each.tag) == name:
            yield from each.itertext()
