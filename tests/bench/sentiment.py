"""vader(text) against vaderSentiment 3.3.2: the same figures, and how much sooner."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from surveys.sentiment import score, vader
from tests.bench.ingest import COMMENTS
from tests.bench.options import Options
from tests.bench.stage import ROOT

FOLDER = ROOT.parent / "shared" / "data" / "text"
FILES = ("tweets_GroundTruth.txt", "amazonReviewSnippets_GroundTruth.txt")
PARAGRAPH = 7


def texts() -> tuple[list[str], bool]:
    """The ground-truth texts; without them, four comments over and over, and that is said."""
    if not all((FOLDER / name).is_file() for name in FILES):
        return [f"{comment} {n}" for n in range(1500) for comment in COMMENTS], False
    lines = [
        line
        for name in FILES
        for line in (FOLDER / name).read_text("utf-8", "replace").splitlines()
    ]
    return [line.split("\t")[-1] for line in lines if "\t" in line], True


def measure(options: Options) -> dict[str, Any]:
    """Interleaved rounds over short texts and over paragraphs of seven of them."""
    short, is_real = texts()
    long = [" ".join(short[n : n + PARAGRAPH]) for n in range(0, len(short), PARAGRAPH)]
    usual = SentimentIntensityAnalyzer().polarity_scores
    found: dict[str, Any] = {"what": "texts a second of processor time", "is_real": is_real}
    for name, corpus in (("short", short), ("paragraphs", long)):
        different = sum(usual(each) != vader(each)._asdict() for each in corpus)
        ours, theirs, product = [], [], []
        for _ in range(options.rounds):
            theirs.append(rate(usual, corpus))
            ours.append(rate(vader, corpus))
            product.append(rate(lambda each: score(each, language="en"), corpus))
        found[name] = {
            "texts": len(corpus),
            "mean_characters": statistics.mean(map(len, corpus)),
            "different": different,
            "ours": statistics.median(ours),
            "yardstick": statistics.median(theirs),
            "product_score": statistics.median(product),
            "ratio": statistics.median(o / t for o, t in zip(ours, theirs, strict=True)),
        }
    return found


def rate(work: Callable[[str], object], corpus: Sequence[str]) -> float:
    """Texts a second of this process's processor time."""
    began = time.process_time()
    for each in corpus:
        work(each)
    return len(corpus) / (time.process_time() - began)


def said(found: dict[str, Any]) -> list[str]:
    """What was found, in words."""
    source = "ground-truth files" if found["is_real"] else "made-up comments: the files are absent"
    words = [f"Texts: {source}."]
    for name, target in (("short", 3.5), ("paragraphs", 4)):
        each = found[name]
        words.append(
            f"{name}: {each['texts']:,} texts of {each['mean_characters']:.0f} characters, "
            f"{each['different']} differ; ours {each['ours']:,.0f}, vaderSentiment "
            f"{each['yardstick']:,.0f} a second: {each['ratio']:.2f} times (at least {target:g}). "
            f"The product's whole score: {each['product_score']:,.0f}."
        )
    return words
