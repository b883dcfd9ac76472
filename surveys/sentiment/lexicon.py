"""The lexicon, the emoji names and the word lists of the rules, read from the vaderSentiment package."""

import ast
import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from surveys.sentiment.errors import LexiconMissing

_LEXICON_FILE = "vader_lexicon.txt"
_EMOJI_FILE = "emoji_utf8_lexicon.txt"
_RULES_FILE = "vaderSentiment.py"
_RULE_NAMES = frozenset(
    {"B_INCR", "B_DECR", "C_INCR", "N_SCALAR", "NEGATE", "BOOSTER_DICT", "SPECIAL_CASES"}
)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What the rules look words up in; keys are lower case, values are on the scale -4 to 4."""

    valences: dict[str, float]
    boosters: dict[str, float]
    negations: frozenset[str]
    idioms: dict[str, float]

    idiom_words: frozenset[str]
    emoji_names: dict[str, str]
    emoji: re.Pattern[str]


def _folder() -> Path:
    """Where vaderSentiment is installed, found without running it (it would import requests)."""
    spec = find_spec("vaderSentiment")
    if spec is None or not spec.submodule_search_locations:
        raise LexiconMissing(
            "The package vaderSentiment is not installed. Install the pinned requirements."
        )
    return Path(spec.submodule_search_locations[0])


def _columns(path: Path) -> list[list[str]]:
    lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
    return [line.strip().split("\t", 2)[:2] for line in lines if line]


class _Named(ast.NodeTransformer):
    """Puts the value of an earlier constant where the tables name it."""

    def __init__(self, known: dict[str, object]) -> None:
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.copy_location(ast.Constant(self.known[node.id]), node)  # type: ignore[arg-type]


def _rules(path: Path) -> dict[str, object]:
    """The constant tables at the top of the package's module, read as data, never executed."""
    tables = path.read_text(encoding="utf-8").partition("\ndef ")[0]
    known: dict[str, object] = {}
    for node in ast.parse(tables).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in _RULE_NAMES:
                known[name] = ast.literal_eval(_Named(known).visit(node.value))
    missing = _RULE_NAMES - known.keys()
    if missing:
        raise LexiconMissing(
            f"{path.name} lacks {', '.join(sorted(missing))}. Install vaderSentiment 3.3.2."
        )
    return known


def _idiom_words(valences: dict[str, float], phrases: list[str]) -> frozenset[str]:
    """Words by which an idiom is noticed: those of the lexicon, else its longest word."""
    noticed: set[str] = set()
    for phrase in phrases:
        words = phrase.split()
        if len(words) > 1:
            noticed.update({word for word in words if word in valences} or {max(words, key=len)})
    return frozenset(noticed)


def _pattern(names: dict[str, str]) -> re.Pattern[str]:
    """Finds every emoji with a name, and some without.

    A set of characters beyond U+FFFF is tried one by one by `re`, 2 microseconds for each letter of
    the text; one range is not.
    """
    near = [emoji for emoji in names if emoji <= "\uffff"]
    far = [emoji for emoji in names if emoji > "\uffff"]
    return re.compile(f"[{''.join(map(re.escape, near))}{min(far)}-{max(far)}]")


@lru_cache(maxsize=1)
def lexicon() -> Lexicon:
    """Load once and keep (about 15 ms, 3 MB); raises LexiconMissing when it is not installed."""
    folder = _folder()
    rules = _rules(folder / _RULES_FILE)
    valences = {word: float(mean) for word, mean in _columns(folder / _LEXICON_FILE)}
    phrases = [*rules["SPECIAL_CASES"], *rules["BOOSTER_DICT"]]  # type: ignore[misc]
    # The rules walk a text character by character, so only names of single characters count.
    names = {emoji: " " + name for emoji, name in _columns(folder / _EMOJI_FILE) if len(emoji) == 1}
    return Lexicon(
        valences=valences,
        boosters=rules["BOOSTER_DICT"],  # type: ignore[arg-type]
        negations=frozenset(rules["NEGATE"]),  # type: ignore[call-overload]
        idioms=rules["SPECIAL_CASES"],  # type: ignore[arg-type]
        idiom_words=_idiom_words(valences, phrases),
        emoji_names=names,
        emoji=_pattern(names),
    )


def name_emoji(text: str) -> str:
    """The text with each known emoji replaced by its English name, in one pass.

    A space is always put before the name. Where one was there already the text gets two, which no
    rule can tell from one: tokens are cut at runs of white space.
    """
    known = lexicon()
    names = known.emoji_names
    return known.emoji.sub(lambda found: names.get(found[0], found[0]), text)


def has_emoji(text: str) -> bool:
    """Whether there is an emoji with a name."""
    known = lexicon()
    return any(emoji in known.emoji_names for emoji in known.emoji.findall(text))
