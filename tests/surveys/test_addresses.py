"""Addresses endings lead on to: what is put in stays a value, whatever was answered."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import addresses
from tests.surveys.drawn_surveys import few

TEMPLATE = "https://panel.example/end/{{id|nobody here}}/done?id={{id}}&fixed=1"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("https://panel.example", ""),
        ("http://panel.example?x=1#top", ""),
        ("https://panel.example/{{a}}", ""),
        ("https://panel.example/{{a|no answer at all, sorry}}/x?b={{_data.b|?&#}}c", ""),
        ("https://panel.example?a=1&b=x{{b}}", ""),
        ("https://{{a}}/", addresses.NOT_THERE),
        ("https://panel.example{{a}}/", addresses.NOT_THERE),
        ("https://panel.example:{{a}}/x", addresses.NOT_THERE),
        ("https://panel.example/?{{a}}=1", addresses.NOT_THERE),
        ("https://panel.example/?a=1&{{a}}", addresses.NOT_THERE),
        ("https://panel.example/#{{a}}", addresses.NOT_THERE),
        ("https://panel.example/?a={{Not A Key}}", addresses.NOT_NAMED),
        ("https://panel.example/?a={{A}}", addresses.NOT_NAMED),
        ("{{a}}", addresses.NOT_ONE),
        ("{{a}}://panel.example", addresses.NOT_ONE),
        ("javascript:alert(1)", addresses.NOT_ONE),
        ("https://panel.example/a b", addresses.NOT_ONE),
        ("https://panel.example/\\{{a}}", addresses.NOT_NAMED),
    ],
)
def test_where_values_may_stand(address, words):
    assert addresses.problem(address) == words


@few
@given(st.text(max_size=300))
def test_no_answer_changes_where_it_leads(value):
    made = addresses.filled(TEMPLATE, lambda _: value)
    parts = urlsplit(made)
    assert made.isascii()
    assert (parts.scheme, parts.netloc, parts.fragment) == ("https", "panel.example", "")
    assert [name for name, _ in parse_qsl(parts.query, keep_blank_values=True)] == ["id", "fixed"]
    folders = parts.path.split("/")
    assert (len(folders), folders[:2], folders[3]) == (4, ["", "end"], "done")
    assert folders[2] not in (".", "..")


@pytest.mark.parametrize(
    ("value", "made"),
    [
        ("A-7", "https://panel.example/end/A-7/done?id=A-7&fixed=1"),
        ("a/b&c=d #e", "https://panel.example/end/a%2Fb%26c%3Dd%20%23e/done?id=a%2Fb%26c%3Dd%20%23e&fixed=1"),
        ("é\r\nX", "https://panel.example/end/%C3%A9%0D%0AX/done?id=%C3%A9%0D%0AX&fixed=1"),
        ("..", "https://panel.example/end//done?id=..&fixed=1"),
        (None, "https://panel.example/end/nobody%20here/done?id=&fixed=1"),
    ],
    ids=["plain", "signs", "letters", "up", "unanswered"],
)  # fmt: skip
def test_values_are_written_in_percent_signs(value, made):
    assert addresses.filled(TEMPLATE, lambda _: value) == made


def test_an_address_does_not_grow_without_end():
    template = "https://panel.example/?" + "&".join(f"a{n}={{{{x}}}}" for n in range(40))
    made = addresses.filled(template, lambda _: "ü" * 500)
    assert len(made) <= addresses.LONGEST
    assert made.startswith("https://panel.example/?a0=&a1=")
