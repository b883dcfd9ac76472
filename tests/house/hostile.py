"""Bodies nobody sends by accident, with the status each must get, made from small tables."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

SCALARS = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "minus infinity": b"-Infinity",
    "1e400": b"1e400",
    "-1e999999999": b"-1e999999999",
    "1e-400": b"1e-400",
    "1e301": b"1e301",
    "21 digits": b"1" * 21,
    "minus 21 digits": b"-" + b"1" * 21,
    "20 digits beyond 64 bits": b"99999999999999999999",
    "below 64 bits": b"-9223372036854775809",
    "5,000 digits": b"9" * 5000,
    "500 digits after the point": b"0." + b"1" * 500 + b"e300",
    "lone high surrogate": b'"\\ud800"',
    "lone low surrogate": b'"\\udc00"',
    "surrogates the wrong way round": b'"\\udc00\\ud800"',
    "NUL": b'"a\\u0000b"',
    "NUL alone": b'"\\u0000"',
    "raw NUL": b'"a\x00b"',
    "raw control": b'"a\x01b"',
    "broken UTF-8": b'"\xff\xfe"',
    "surrogate in UTF-8": b'"\xed\xa0\x80"',
    "overlong UTF-8": b'"\xc0\xaf"',
    "cut UTF-8": b'"\xe2\x82"',
    "leading zero": b"01",
    "plus": b"+1",
    "hexadecimal": b"0x1f",
    "bare point": b".5",
    "trailing point": b"1.",
    "single quotes": b"'a'",
    "bare word": b"yes",
    "undefined": b"undefined",
    "cut escape": b'"\\u00"',
    "unknown escape": b'"\\x41"',
    "unclosed string": b'"abc',
    "unclosed list": b"[1, 2",
    "unclosed object": b'{"a": 1',
    "trailing comma": b"[1,]",
    "trailing comma in object": b'{"a": 1,}',
    "double comma": b"[1,,2]",
    "missing colon": b'{"a" 1}',
    "number as name": b"{1: 2}",
    "comment": b"1 /* one */",
    "deep list": b"[" * 40 + b"]" * 40,
    "deep object": b'{"a":' * 40 + b"1" + b"}" * 40,
    "deep mixture": b'[{"a":' * 20 + b"1" + b"}]" * 20,
    "2,000 deep": b"[" * 2000 + b"]" * 2000,
    "100,000 deep, unclosed": b"[" * 100_000,
    "100,000 objects deep": b'{"a":' * 100_000,
    "twice": b'{"a": 1, "a": 2}',
    "twice the same": b'{"a": 1, "a": 1}',
    "twice by escape": b'{"a": 1, "\\u0061": 2}',
    "twice with colons": b'{"a:b": ":::", "a:b": 2}',
    "twice with escaped colons": b'{"a\\u003ab": "\\u003a\\u003A", "a:b": ":"}',
    "twice, empty": b'{"": 1, "": 2}',
    "twice far down": b'[[{"x": [{"y": 1, "y": 2}]}]]',
}

WHOLE = {
    "empty": b"",
    "spaces": b" \r\n\t ",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "two documents": b"{}{}",
    "something after": b'{"a": 1} x',
    "only a bracket": b"{",
    "only a closing bracket": b"}",
    "XML": b"<a/>",
    "form": b"a=1&b=2",
    "NUL bytes": b"\x00" * 100,
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "BSON": b"\x16\x00\x00\x00\x02hello\x00",
    "MessagePack": b"\x81\xa1a\x01",
    "JavaScript": b")]}',\n{}",
    "JSON lines": b'{"a": 1}\n{"a": 2}',
}

NO_OBJECTS = {
    "null": b"null", "true": b"true", "number": b"17", "text": b'"text"', "list": b"[]",
    "list of objects": b"[{}]", "minus zero": b"-0",
}  # fmt: skip

TYPES = (
    "", "text/plain", "text/json", "application/xml", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/json; charset=utf-7",
    "application/json; charset=utf-16", "application/json;charset=latin1",
    'application/json; charset="iso-8859-1"', "application/jsonp", "application/json-seq",
    "application/octet-stream", "application/json, text/html", "*/*", "json",
)  # fmt: skip


def unreadable() -> Iterator[tuple[str, bytes]]:
    """Bodies that must get 400: each odd value at several places of an object."""
    yield from WHOLE.items()
    places = {
        "value": b'{"name": %s}',
        "in a list": b'{"attributes": {"a": [1, %s]}}',
        "unknown name": b'{"zzz": %s, "name": "Ana"}',
    }
    for (name, value), (place, frame) in itertools.product(SCALARS.items(), places.items()):
        yield f"{name}, {place}", frame % value


def odd_but_valid() -> Iterator[tuple[str, bytes]]:
    """JSON that is only unusual: it must be read, whatever becomes of it."""
    for name, value in {
        "64 bits": 2**64 - 1,
        "least": -(2**63),
        "colons": {"a:b": "::::", "c": [":", {"d:": ":"}]},
        "escaped colon": "\\u003a",
        "backslashes": "\\\\u0000 \\u0000"[2:],
        "emoji": "👩‍👩‍👧‍👦",
        "all planes": "\U0010ffff\ue000",
        "31 deep": json.loads("[" * 31 + "]" * 31),
        "empty names": {"": {"": {}}},
        "long text": "x" * 100_000,
        "many names": {str(number): number for number in range(1000)},
        "small float": 1e-200,
        "large float": 1e200,
        "zero": 0.0,
        "right to left": "‮abc",
    }.items():
        yield name, json.dumps({"v": value}, ensure_ascii=False).encode()
        yield f"{name}, escaped", json.dumps({"v": value}, ensure_ascii=True).encode()
