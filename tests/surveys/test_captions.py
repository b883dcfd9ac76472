"""Captions of videos: read generously, kept as times and words, refused with what to do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys.captions import MOST_BYTES, CaptionsError, cleaned
from tests.surveys.drawn_surveys import few

VTT = """\ufeffWEBVTT - made by hand
Kind: captions

NOTE nothing to see

STYLE
::cue { background: url(https://tracker.example/x.png) }

REGION
id:fred

intro
00:01.000 --> 00:04.000 align:start line:0 onclick:x
<v Anna>Hello <b>there</b> & <c.red onmouseover=x>welcome</c>
second <script>line</script>

01:00:05,000 --> 01:00:06.500
Bye &lt;all&gt; --> now

00:00:00.500 --> 00:00:00.900
"""


def test_times_and_words_stay_and_all_else_goes():
    assert cleaned(VTT.encode()) == (
        "WEBVTT\n\n"
        "00:00:01.000 --> 00:00:04.000 align:start line:0\n"
        "Hello <b>there</b> &amp; welcome\nsecond line\n\n"
        "01:00:05.000 --> 01:00:06.500\n"
        "Bye &lt;all&gt; --&gt; now\n"
    )


def test_subrip_is_read_as_well():
    given = "1\r\n00:00:01,000 --> 00:00:02,000\r\nEins\r\n\r\n2\r\n00:00:03,000 --> 00:00:04,000\r\nZwei\r\n"
    made = cleaned(given.encode())
    assert made.startswith("WEBVTT\n\n00:00:01.000 --> 00:00:02.000\nEins\n\n")
    assert cleaned(made.encode()) == made


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no captions"),
        (b"WEBVTT\n\nHello", "no captions"),
        (b"WEBVTT\n\n1:00 --> 2:00\nHello", "Correct the time"),
        (b"WEBVTT\n\n00:05.000 --> 00:04.000\nHello", "ends before"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b" " * (MOST_BYTES + 1), "500 kB"),
    ],
    ids=["empty", "words", "time", "order", "bytes", "size"],
)
def test_what_are_no_captions_is_refused(content, words):
    with pytest.raises(CaptionsError, match=words):
        cleaned(content)


@few
@given(st.text(max_size=200))
def test_whatever_is_said_stays_a_caption(said):
    try:
        made = cleaned(f"WEBVTT\n\n00:01.000 --> 00:02.000\n{said}\n".encode(errors="replace"))
    except CaptionsError:
        return
    assert cleaned(made.encode()) == made
