"""`efm text score`: a line in, a line out, whatever comes through the pipe."""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from efm.cli import text as room

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "efm", "text", "score"]


def told(
    given: bytes,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    **options: Any,
) -> tuple[int, list[dict[str, Any]], str]:
    """The exit code, the lines and the complaints of one run."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given)))
    code = room.score(argparse.Namespace(language=options.get("language")))
    out, err = capsys.readouterr()
    return code, [json.loads(line) for line in out.splitlines()], err


def test_the_compound_is_vaders_and_the_score_the_mean_of_sentences(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    comment = "I love it. But the waiting is terrible."
    code, (found,), err = told(comment.encode(), monkeypatch, capsys)
    assert (code, err) == (0, "")
    assert set(found) == {"compound", "score", "label", "language", "state", "reason"}
    assert found["state"] == "scored"
    assert found["language"] == "en"
    assert (found["compound"], found["score"], found["label"]) == (-0.3716, 0.003, "neutral")
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    theirs = SentimentIntensityAnalyzer()
    assert found["compound"] == theirs.polarity_scores(comment)["compound"]
    halves = ("I love it.", "But the waiting is terrible.")
    mean = sum(theirs.polarity_scores(half)["compound"] for half in halves) / 2
    assert found["score"] == pytest.approx(mean, abs=1e-4)
    assert found["score"] != found["compound"]


def test_each_line_has_its_answer_in_order(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = (
        b"\xef\xbb\xbfGreat help\r\n"
        b"\n"
        b"Die Rechnung ist leider schon wieder falsch und niemand antwortet\n"
        b"caf\xe9 terrible\n"
        b"A broken promise\xe2\x80\xa8and rude people"
    )
    code, found, err = told(given, monkeypatch, capsys)
    assert [(one["state"], one["reason"]) for one in found] == [
        ("scored", None),
        ("unscored", "empty"),
        ("unscored", "language"),
        ("unscored", "not UTF-8"),
        ("scored", None),
    ]
    assert [one["label"] for one in found] == ["positive", None, None, None, "negative"]
    assert found[2]["language"] == "de"
    assert found[3]["compound"] is None
    assert code == 1
    assert "1 line not scored (not UTF-8)" in err
    assert "iconv" in err


def test_the_language_decides_where_the_text_does_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (silent,) = told(b"super", monkeypatch, capsys)[1]
    (english,) = told(b"super", monkeypatch, capsys, language="en")[1]
    (german,) = told(b"super", monkeypatch, capsys, language="de")[1]
    assert (silent["state"], silent["language"]) == ("unscored", None)
    assert (english["state"], english["label"]) == ("scored", "positive")
    assert (german["state"], german["reason"], german["language"]) == ("unscored", "language", "de")


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_a_line_is_read_whole_or_not_at_all(
    end: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(room, "LONGEST_BYTES", 40)
    fits = b"a" * 35 + b" good"
    code, found, err = told(fits + end, monkeypatch, capsys)
    assert (code, found[0]["label"], err) == (0, "positive", "")
    many = b"x" * 1000 + b"\n" + b"x" * 42 + b" good\nbad" + end
    code, found, err = told(many, monkeypatch, capsys)
    assert [one["reason"] for one in found] == ["too long", "too long", None]
    assert found[0]["compound"] is None
    assert code == 1
    assert "2 lines not scored (too long)" in err


def test_nothing_in_nothing_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(b"", monkeypatch, capsys) == (0, [], "")


def test_an_answer_comes_before_the_next_comment_is_written() -> None:
    with subprocess.Popen(
        COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for comment, label in ((b"good\n", "positive"), (b"bad\n", "negative")):
            process.stdin.write(comment)
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["label"] == label
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")


def test_a_reader_that_leaves_ends_it_quietly() -> None:
    with subprocess.Popen(
        COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"good\n")
        process.stdin.flush()
        assert process.stdout.readline()
        process.stdout.close()
        process.stdin.write(b"good\n" * 10)
        process.stdin.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 1
