"""Passwords: what makes a good one, and argon2id with a bounded number of hashes at a time.

An argon2 hash takes 64 MiB and about 0.13 s of several cores, so that unlimited parallel sign-ins
would take all memory; two at a time run, others wait a little and are then asked to come back.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from efm.errors import Unready

SHORTEST = 12
LONGEST = 128
AT_ONCE = 2
WAIT_SECONDS = 5.0

_hasher = PasswordHasher()
_slots = threading.BoundedSemaphore(AT_ONCE)

# Stems that lists of leaked passwords begin with; what is added around them does not help.
_STEMS = """
password passwort passw0rd p@ssword p@ssw0rd motdepasse contrasena wachtwoord letmein welcome
welcometo iloveyou ilovemylife qwerty qwertz azerty qwertyuiop qwertzuiop azertyuiop asdfgh
asdfghjkl zxcvbnm qazwsx qazwsxedc qweasdzxc abc abcdef abcdefg abcdefgh abcdefghijkl
administrator admin root user guest test testtest changeme changemenow secret topsecret default
master dragon monkey football baseball basketball superman batman princess sunshine trustno
starwars whatever computer internet summer winter spring autumn customer feedback survey company
login access hello hellohello helloworld correcthorsebatterystaple
"""
COMMON_STEMS = frozenset(_STEMS.split())
_RUNS = ("0123456789012345678901234567890", "9876543210987654321098765432109")


def normalised(password: str) -> str:
    """The same characters however a keyboard composes them (Unicode NFC)."""
    return unicodedata.normalize("NFC", password)


def weakness(password: str, *about: str) -> str | None:
    """Why a new password is not accepted, in words for its owner; None when it is.

    `about` are texts an attacker knows: the address, the name, the organization.
    """
    password = normalised(password)
    if len(password) < SHORTEST:
        return f"Use {SHORTEST} characters or more. Three or four unrelated words work well."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    low = password.casefold()
    stem = low.strip("0123456789 !?.,;:-_+*#$%&/()=@<>|~^'\"")
    if stem in COMMON_STEMS or len(set(low)) < 5 or any(low in run for run in _RUNS):
        return "This is among the passwords that are tried first. Choose another."
    if not stem or any(stem == half * 2 for half in COMMON_STEMS):
        return "Digits and signs alone are guessed quickly. Add words."
    for known in about:
        for part in known.casefold().replace("@", " ").replace(".", " ").split():
            if len(part) >= 4 and part in low and len(low.replace(part, "")) < 8:
                return "Leave out your name, your address and the organization's name."
    return None


@contextmanager
def _slot() -> Iterator[None]:
    """One of the few places for hashing; raises Unready when none is free in time."""
    if not _slots.acquire(timeout=WAIT_SECONDS):
        raise Unready("Many people are signing in right now. Try again in a few seconds.")
    try:
        yield
    finally:
        _slots.release()


def hashed(password: str) -> str:
    """The argon2id hash of a password, with its parameters and salt inside."""
    with _slot():
        return _hasher.hash(normalised(password))


@cache
def _nobody() -> str:
    """The hash of nothing anyone can type; unknown addresses are compared with it."""
    return _hasher.hash("\0" * LONGEST)


def matches(stored: str | None, password: str) -> bool:
    """Whether the password is the stored one; takes the same time when nothing is stored."""
    fits = 0 < len(password) <= LONGEST
    with _slot():
        decoy = _nobody()
        try:
            _hasher.verify(stored or decoy, normalised(password) if fits else "")
        except (VerificationError, InvalidHashError):
            return False
    return stored is not None and fits


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with parameters that are not ours any more."""
    return _hasher.check_needs_rehash(stored)
