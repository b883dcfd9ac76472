"""Sealed secrets open where they were sealed, unchanged, under the same key, and nowhere else."""

from __future__ import annotations

import base64
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from efm import clock
from efm.config import Config
from efm.sync import connections
from efm.vault import SealBroken, Vault, new_token, token_hash
from tests.factories import House

KEY = "kH3v-9sQpZ_x2LmT8wYc4RbN7dGf1JaE"
VAULT = Vault(KEY)
PLACE = "organization/connections/row/secrets"


@given(st.binary(max_size=500), st.text(max_size=60))
def test_what_is_sealed_opens_again(value: bytes, place: str) -> None:
    sealed = VAULT.seal(value, place)
    assert VAULT.open(sealed, place) == value
    assert Vault(KEY).open(sealed, place) == value, "another process opens it too"
    assert len(value) < 8 or value not in sealed


def test_the_same_secret_is_never_sealed_alike() -> None:
    assert len({VAULT.seal(b"secret", PLACE) for _ in range(100)}) == 100


@given(st.text(max_size=60), st.text(max_size=60))
def test_moved_to_another_place_it_stays_shut(here: str, there: str) -> None:
    sealed = VAULT.seal(b"secret", here)
    if here != there:
        with pytest.raises(SealBroken):
            VAULT.open(sealed, there)


def test_every_changed_bit_shuts_it() -> None:
    sealed = VAULT.seal(b"secret", PLACE)
    for at in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[at] ^= 1 << bit
            with pytest.raises(SealBroken):
                VAULT.open(bytes(changed), PLACE)


def test_every_missing_or_added_byte_shuts_it() -> None:
    sealed = VAULT.seal(b"secret", PLACE)
    for length in range(len(sealed)):
        with pytest.raises(SealBroken):
            VAULT.open(sealed[:length], PLACE)
    with pytest.raises(SealBroken):
        VAULT.open(sealed + b"\0", PLACE)


@given(st.binary(max_size=200))
def test_foreign_bytes_are_refused_and_nothing_else_happens(sealed: bytes) -> None:
    with pytest.raises(SealBroken, match="enter it again"):
        VAULT.open(sealed, PLACE)


def test_another_key_does_not_open_it() -> None:
    with pytest.raises(SealBroken):
        Vault(KEY[:-1] + "F").open(VAULT.seal(b"secret", PLACE), PLACE)


def test_keys_of_different_purposes_are_apart() -> None:
    keys = {VAULT.key(purpose) for purpose in ("seal", "links", "flask", "sign a", "sign b")}
    assert len(keys) == 5
    assert {len(key) for key in keys} == {32}


class TestLinks:
    """The token of a link is derived: it can be shown again, and only its hash is stored."""

    def test_it_has_128_bits_and_comes_back(self) -> None:
        subject = uuid.uuid4()
        token = VAULT.link_token(subject)
        assert len(base64.urlsafe_b64decode(token + "==")) == 16
        assert token == Vault(KEY).link_token(subject)
        assert token != Vault(KEY[::-1]).link_token(subject)

    def test_neighbours_have_nothing_in_common(self) -> None:
        tokens = {VAULT.link_token(uuid.UUID(int=n)) for n in range(2000)}
        assert len(tokens) == 2000
        assert len({token[:4] for token in tokens}) > 1990

    def test_random_tokens_have_128_bits_and_their_hash_tells_nothing(self) -> None:
        tokens = [new_token() for _ in range(1000)]
        assert len(set(tokens)) == 1000
        assert {len(base64.urlsafe_b64decode(token + "==")) for token in tokens} == {16}
        assert {len(token_hash(token)) for token in tokens} == {32}
        assert token_hash("\ud800") != token_hash("?"), "any text has a hash of its own"


class TestSignatures:
    """Values that travel through a page and must come back as they were."""

    def test_what_was_signed_is_known_again(self) -> None:
        signature = VAULT.sign("resume", "a", "b")
        assert VAULT.is_signed(signature, "resume", "a", "b")

    @pytest.mark.parametrize(
        ("purpose", "parts"),
        [
            ("other", ("a", "b")),
            ("resume", ("a", "c")),
            ("resume", ("b", "a")),
            ("resume", ("a",)),
            ("resume", ("a", "b", "")),
        ],
    )
    def test_anything_else_is_not(self, purpose: str, parts: tuple[str, ...]) -> None:
        assert not VAULT.is_signed(VAULT.sign("resume", "a", "b"), purpose, *parts)

    @pytest.mark.parametrize("signature", ["", "é", "a" * 24, "\0", "a" * 100_000])
    def test_a_strange_signature_is_only_wrong(self, signature: str) -> None:
        assert not VAULT.is_signed(signature, "resume", "a", "b")


def test_credentials_copied_to_another_row_or_company_do_not_open(
    house: House, stranger: House, config: Config
) -> None:
    """What somebody who can write to the database could try: take a secret where they may use it."""
    vault = Vault(config.secret_key)
    password = "hunter-of-the-lost-password"
    with house.unit() as session:
        given = {"token": password}
        first = connections.create(session, vault, "memory", "First", given, clock.now())
        second = connections.create(session, vault, "memory", "Second", given, clock.now())
        assert connections.stored_settings(vault, first)["token"] == password
        assert password not in repr(first.settings)
        sealed = first.secrets_sealed
        assert sealed is not None
        assert password.encode() not in sealed
        second.secrets_sealed = sealed
        with pytest.raises(SealBroken):
            connections.stored_settings(vault, second)
    with stranger.unit() as session:
        theirs = connections.create(session, vault, "memory", "First", given, clock.now())
        theirs.secrets_sealed = sealed
        with pytest.raises(SealBroken):
            connections.stored_settings(vault, theirs)
