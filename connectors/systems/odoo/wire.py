"""XML-RPC on the wire: calls as Odoo takes them, answers read without entities or endless depth.

Source: http://xmlrpc.com/spec.md, and `addons/rpc` of Odoo, which has no nil and says False instead.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from xmlrpc.client import dumps

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Fault(Exception):
    """The far side refused: `code` is 1 (a fault in it, with its traceback), 2 (its own words),
    3 (who we are) or 4 (what we may do)."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"fault {code}")
        self.code, self.text = code, text


def called(method: str, params: tuple[Any, ...]) -> bytes:
    """The body of a call. Raises ValueError for a value that XML-RPC cannot carry."""
    try:
        text = dumps(params, method, allow_none=False)
        # A carriage return that stands bare is a line feed to whoever reads it.
        return text.replace("\r", "&#13;").encode()
    except (TypeError, OverflowError, UnicodeEncodeError) as error:
        raise ValueError("holds a value that cannot be sent") from error


def answered(body: bytes) -> Any:
    """The value of an answer. Raises Fault, or ValueError for what is no such answer."""
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (SyntaxError, ValueError, LookupError) as error:
        raise ValueError("is no XML-RPC") from error
    fault, value = root.find("fault/value"), root.find("params/param/value")
    try:
        if fault is not None:
            said = _value(fault)
            raise Fault(str(said.get("faultCode")), str(said.get("faultString")))
        if root.tag == "methodResponse" and value is not None:
            return _value(value)
    except (AttributeError, KeyError, RecursionError, OverflowError) as error:
        raise ValueError("is damaged XML-RPC") from error
    raise ValueError("is no XML-RPC")


def _value(node: Element) -> Any:
    inner = next(iter(node), None)
    if inner is None:
        return node.text or ""
    text = inner.text or ""
    if inner.tag in ("string", "base64", "dateTime.iso8601"):
        return text
    if inner.tag in ("int", "i4", "i8"):
        return int(text)
    if inner.tag == "boolean":
        return {"1": True, "0": False}[text.strip()]
    if inner.tag == "double":
        number = float(text)
        return number if math.isfinite(number) else None
    if inner.tag == "nil":
        return None
    if inner.tag == "array":
        return [_value(each) for each in inner.findall("data/value")]
    if inner.tag == "struct":
        return {_named(each): _member(each) for each in inner.findall("member")}
    raise ValueError("holds a value of an unknown kind")


def _named(member: Element) -> str:
    return member.findtext("name") or ""


def _member(member: Element) -> Any:
    value = member.find("value")
    return None if value is None else _value(value)
