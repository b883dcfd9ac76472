"""OAuth: each grant's request, what refusals mean, keeping and renewing tokens, PKCE, signing."""

from __future__ import annotations

import base64
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization as forms
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from connectors import oauth
from connectors.errors import ConfigError, ConnectorError, Throttled, Transient
from connectors.http import Http
from connectors.outside import Outside

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
URL = "https://id.example.com/token"
SECRET = "s3cret:& é"
GOOD = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 3600}


class Far:
    """A token endpoint that plays its answers in order (the last one for ever)."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)

    def outside(self) -> Outside:
        return Outside(transport=httpx.MockTransport(self), now=lambda: NOW)

    def endpoint(self, **more: Any) -> oauth.Endpoint:
        given: dict[str, Any] = {"client_id": "id:1", "client_secret": SECRET, **more}
        return oauth.Endpoint(
            self.outside(), URL, connector="test", sleep=lambda seconds: None, **given
        )

    def form(self, number: int = -1) -> dict[str, str]:
        said = parse_qs(self.requests[number].content.decode(), keep_blank_values=True)
        return {name: each[0] for name, each in said.items()}


def test_client_credentials_by_basic_are_encoded_first() -> None:
    far = Far(GOOD)
    token = far.endpoint().client_credentials("a b")
    assert (token.access, token.expires_at) == ("at-1", NOW + timedelta(hours=1))
    pair = base64.b64decode(far.requests[0].headers["Authorization"].removeprefix("Basic "))
    assert pair == b"id%3A1:s3cret%3A%26+%C3%A9"
    assert far.form() == {"grant_type": "client_credentials", "scope": "a b"}
    assert far.requests[0].method == "POST"


@pytest.mark.parametrize(
    ("auth", "extra"),
    [("body", {"client_id": "id:1", "client_secret": SECRET}), ("none", {"client_id": "id:1"})],
)
def test_a_client_may_prove_itself_in_the_form(auth: str, extra: dict[str, str]) -> None:
    far = Far(GOOD)
    far.endpoint(auth=auth).client_credentials()
    assert far.form() == {"grant_type": "client_credentials", **extra}
    assert "Authorization" not in far.requests[0].headers


def test_there_is_no_fourth_way() -> None:
    with pytest.raises(ValueError, match="proves itself"):
        Far(GOOD).endpoint(auth="cookie")


def test_codes_refresh_tokens_and_assertions() -> None:
    far = Far({**GOOD, "refresh_token": "rt-2"})
    end = far.endpoint(auth="body")
    assert end.code("c-1", "https://efm.example.com/back", "v" * 43).refresh == "rt-2"
    sent = far.form()
    assert sent["grant_type"] == "authorization_code"
    assert (sent["code"], sent["code_verifier"]) == ("c-1", "v" * 43)
    assert sent["redirect_uri"] == "https://efm.example.com/back"
    end.refresh("rt-1")
    assert far.form()["refresh_token"] == "rt-1"
    end.assertion("a.b.c")
    assert far.form()["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"


def _error(status: int, code: str, text: str = "") -> httpx.Response:
    return httpx.Response(status, json={"error": code, "error_description": text})


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (_error(400, "invalid_grant", "expired"), ConfigError),
        (_error(401, "invalid_client"), ConfigError),
        (_error(400, "never_heard_of"), ConfigError),
        (_error(503, "temporarily_unavailable"), Transient),
        (_error(500, "server_error"), Transient),
        (_error(400, "slow_down"), Throttled),
        (_error(400, "invalid_grant", "login rate exceeded"), Throttled),
        (httpx.Response(429, headers={"Retry-After": "900"}), Throttled),
        (httpx.Response(500, text="<html>oh</html>"), Transient),
        (httpx.Response(200, text="<html>sign in</html>"), ConfigError),
        (httpx.Response(200, text='{"access_tok'), Transient),
        (httpx.Response(302, headers={"Location": "https://evil.example"}), ConfigError),
        (httpx.Response(400, json=["x"]), ConfigError),
        (httpx.Response(400, json={"error": 7}), ConfigError),
        (httpx.Response(401, json={"error": {"message": "nested"}}), ConfigError),
    ],
)
def test_each_refusal_has_its_recovery(answer: httpx.Response, error: type[Exception]) -> None:
    far = Far(answer)
    with pytest.raises(error) as caught:
        far.endpoint().client_credentials()
    assert type(caught.value) is error
    assert "evil" not in str(far.requests[-1].url)


def test_a_refusal_stands_beside_its_setting_and_hides_the_secret() -> None:
    far = Far(_error(401, "invalid_client", f"no such pair: {SECRET}"))
    with pytest.raises(ConfigError) as caught:
        far.endpoint(about={"invalid_client": "client_secret", "*": "url"}).client_credentials()
    assert caught.value.errors == {"client_secret": ["no such pair: …"]}
    assert SECRET not in caught.value.message
    far = Far(_error(400, "invalid_scope"))
    with pytest.raises(ConfigError) as caught:
        far.endpoint(about={"*": "scope"}).client_credentials()
    assert caught.value.errors == {"scope": ["invalid_scope"]}


@pytest.mark.parametrize(
    "said",
    [
        None, [], "x", {}, {"access_token": None}, {"access_token": ""}, {"access_token": 5},
        {"access_token": "a b"}, {"access_token": "a\r\nX-Evil: 1"}, {"access_token": "é"},
        {"access_token": "a", "token_type": "mac"}, {"access_token": "a", "token_type": None},
    ],
)  # fmt: skip
def test_what_is_no_token_is_not_used(said: Any) -> None:
    with pytest.raises(ConfigError):
        oauth.read_token(said, NOW)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(60, 60), ("60", 60), (0, 0), (-5, 0), (None, None), ("soon", None), ([], None), (1e99, None)],
)
def test_expiry_is_read_with_patience(given: Any, seconds: float | None) -> None:
    token = oauth.read_token(
        {"access_token": "a", "expires_in": given, "token_type": "BEARER"}, NOW
    )
    assert token.expires_at == (None if seconds is None else NOW + timedelta(seconds=seconds))


def test_a_token_shows_nothing_of_itself() -> None:
    shown = repr(oauth.Token("access-1", None, "refresh-1", {"id_token": "x-1"}))
    assert not any(secret in shown for secret in ("access-1", "refresh-1", "x-1"))


def _tokens(*lives: int | None) -> tuple[oauth.Tokens, list[datetime], list[int]]:
    clock, fetched = [NOW], [0]

    def fetch() -> oauth.Token:
        life = lives[min(fetched[0], len(lives) - 1)]
        fetched[0] += 1
        ends = None if life is None else clock[0] + timedelta(seconds=life)
        return oauth.Token(f"at-{fetched[0]}", ends)

    return oauth.Tokens(fetch, lambda: clock[0]), clock, fetched


def test_a_token_is_kept_until_shortly_before_it_expires() -> None:
    tokens, clock, fetched = _tokens(3600)
    assert tokens.token() == tokens.token()
    clock[0] += timedelta(seconds=3539)
    assert tokens.token().access == "at-1"
    clock[0] += timedelta(seconds=2)
    assert tokens.token().access == "at-2"
    assert fetched == [2]


def test_a_token_without_an_end_is_kept_until_it_is_refused() -> None:
    tokens, clock, fetched = _tokens(None)
    first = tokens.token()
    clock[0] += timedelta(days=30)
    assert tokens.token() is first
    second = tokens.renew(first)
    assert second.access == "at-2"
    assert tokens.renew(first) is second, "somebody renewed it already"
    assert fetched == [2]


def test_a_failed_fetch_keeps_no_old_token() -> None:
    answers: list[Any] = [oauth.Token("old"), Transient("not now"), oauth.Token("new")]

    def fetch() -> oauth.Token:
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    tokens = oauth.Tokens(fetch)
    old = tokens.token()
    with pytest.raises(Transient):
        tokens.renew(old)
    assert tokens.token().access == "new"


def test_however_many_ask_one_fetches() -> None:
    tokens, _, fetched = _tokens(None)
    refused, barrier = tokens.token(), threading.Barrier(8)

    def renew() -> None:
        barrier.wait()
        tokens.renew(refused)

    threads = [threading.Thread(target=renew) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert fetched == [2]


class Kept:
    """Where refresh tokens are kept."""

    def __init__(self, *tokens: str) -> None:
        self.tokens, self.read = list(tokens), 0

    def current(self) -> str:
        self.read += 1
        return self.tokens[-1] if self.tokens else ""

    def keep(self, token: str) -> None:
        self.tokens.append(token)


def test_a_refresh_token_that_is_replaced_is_kept_first() -> None:
    far, kept = Far({**GOOD, "refresh_token": "rt-2"}, GOOD), Kept("rt-1")
    fetch = oauth.Rotation(far.endpoint(), kept.current, kept.keep)
    assert fetch().access == "at-1"
    assert kept.tokens == ["rt-1", "rt-2"]
    fetch()
    assert far.form()["refresh_token"] == "rt-2"
    assert kept.tokens == ["rt-1", "rt-2"]


def test_a_refresh_token_that_cannot_be_kept_stops_everything() -> None:
    def keep(token: str) -> None:
        raise OSError("disk full")

    far, kept = Far({**GOOD, "refresh_token": "rt-2"}), Kept("rt-1")
    with pytest.raises(OSError, match="disk full"):
        oauth.Rotation(far.endpoint(), kept.current, keep)()


def test_another_worker_may_have_used_the_refresh_token() -> None:
    kept = Kept("rt-1")

    def answer(request: httpx.Request) -> httpx.Response:
        if b"rt-1" in request.content:
            kept.keep("rt-2")
            return _error(400, "invalid_grant")
        return httpx.Response(200, json=GOOD)

    far = Outside(transport=httpx.MockTransport(answer))
    end = oauth.Endpoint(far, URL, connector="test", client_id="rotating")
    assert oauth.Rotation(end, kept.current, kept.keep)().access == "at-1"


def test_a_refresh_token_refused_for_good_asks_for_authorization() -> None:
    kept = Kept("rt-1")
    with pytest.raises(ConfigError):
        oauth.Rotation(Far(_error(400, "invalid_grant")).endpoint(), kept.current, kept.keep)()
    with pytest.raises(ConfigError, match="authorize"):
        oauth.Rotation(Far(GOOD).endpoint(), Kept().current, kept.keep)()


def _bearer(answer: Callable[[httpx.Request], httpx.Response]) -> tuple[oauth.Bearer, list[int]]:
    tokens, _, fetched = _tokens(None)

    def door(token: oauth.Token) -> Http:
        return Http(
            "https://api.example.com/", headers={"Authorization": f"Bearer {token.access}"},
            secrets=[token.access], transport=httpx.MockTransport(answer),
            sleep=lambda seconds: None,
        )  # fmt: skip

    return oauth.Bearer(tokens, door), fetched


def test_a_call_refused_with_401_is_made_once_more_with_a_new_token() -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200 if seen[-1].endswith("at-2") else 401, json={})

    bearer, fetched = _bearer(answer)
    assert bearer.request("POST", "x", content=b"1").status_code == 200
    assert bearer.request("GET", "y").status_code == 200
    assert seen == ["Bearer at-1", "Bearer at-2", "Bearer at-2"]
    assert fetched == [2]


def test_a_call_refused_twice_is_a_matter_for_an_admin() -> None:
    bearer, fetched = _bearer(lambda request: httpx.Response(401, text="token at-2 is bad"))
    with pytest.raises(ConfigError) as caught:
        bearer.request("GET", "x")
    assert fetched == [2]
    assert "at-2" not in caught.value.message
    assert bearer.request("GET", "x", accept={401}).status_code == 401


def test_other_failures_do_not_cost_a_token() -> None:
    bearer, fetched = _bearer(lambda request: httpx.Response(403))
    with pytest.raises(ConnectorError):
        bearer.request("GET", "x")
    assert bearer.request("GET", "x", accept={403}).status_code == 403
    assert fetched == [1]


def _pem(key: Any, encryption: Any = None) -> str:
    pem, kind = forms.Encoding.PEM, forms.PrivateFormat.PKCS8
    said: bytes = key.private_bytes(pem, kind, encryption or forms.NoEncryption())
    return said.decode()


KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.mark.parametrize(
    "spoil",
    [str, lambda text: text.replace("\n", ""), lambda text: text.replace("\n", " "),
     lambda text: f"\r\n{text.replace(chr(10), chr(13) + chr(10))}\n"],
)  # fmt: skip
def test_a_signed_assertion_verifies_however_the_key_was_pasted(spoil: Any) -> None:
    signed = oauth.sign(spoil(_pem(KEY)), {"iss": "me", "aud": "https://id.example.com"}, NOW)
    said = jwt.decode(
        signed, KEY.public_key(), algorithms=["RS256"], audience="https://id.example.com",
        options={"verify_exp": False, "verify_iat": False},
    )  # fmt: skip
    assert said["exp"] - said["iat"] == 180
    assert said["iat"] == int(NOW.timestamp())
    assert jwt.get_unverified_header(signed)["alg"] == "RS256"


@pytest.mark.parametrize(
    "text",
    [
        "", "secret", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----",
        _pem(ec.generate_private_key(ec.SECP256R1())),
        _pem(KEY, forms.BestAvailableEncryption(b"pw")),
        KEY.public_key().public_bytes(
            forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo
        ).decode(),
    ],
)  # fmt: skip
def test_what_is_no_rsa_key_is_refused_in_words(text: str) -> None:
    with pytest.raises(ConfigError, match="private key") as caught:
        oauth.sign(text, {"iss": "me"}, NOW)
    assert len(text) < 20 or text[30:60] not in caught.value.message


def test_the_code_challenge_is_that_of_the_standard() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
    assert oauth.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_verifiers_are_long_and_new() -> None:
    made = {oauth.new_verifier() for _ in range(50)}
    assert len(made) == 50
    assert all(
        43 <= len(each) <= 128 and each.replace("-", "").replace("_", "").isalnum() for each in made
    )


def test_the_authorization_page_is_told_everything() -> None:
    verifier = oauth.new_verifier()
    url = oauth.authorization_url(
        "https://id.example.com/authorize?tenant=1", client_id="id&1", state="s 1",
        redirect_uri="https://efm.example.com/back?x=1", verifier=verifier, scope="api refresh",
        prompt="consent",
    )  # fmt: skip
    assert {name: each[0] for name, each in parse_qs(urlsplit(url).query).items()} == {
        "tenant": "1", "response_type": "code", "client_id": "id&1", "state": "s 1",
        "redirect_uri": "https://efm.example.com/back?x=1", "scope": "api refresh",
        "code_challenge": oauth.challenge(verifier), "code_challenge_method": "S256",
        "prompt": "consent",
    }  # fmt: skip
