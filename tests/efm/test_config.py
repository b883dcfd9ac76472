"""The configuration: told all at once what is wrong, and no start on a weak or missing secret."""

from __future__ import annotations

import multiprocessing
import stat
from pathlib import Path

import pytest

from efm import config
from efm.config import Config, ConfigProblems

GOOD_SECRET = "kH3v-9sQpZ_x2LmT8wYc4RbN7dGf1JaE"


def load(folder: Path, **given: str) -> Config:
    return config.load({"EFM_DATA_FOLDER": str(folder), **given})


def problems(folder: Path, **given: str) -> list[str]:
    with pytest.raises(ConfigProblems) as caught:
        load(folder, **given)
    return caught.value.problems


def production(folder: Path, **given: str) -> dict[str, str]:
    return {
        "EFM_MODE": "production",
        "EFM_SECRET_KEY": GOOD_SECRET,
        "EFM_PUBLIC_URL": "https://feedback.example.org",
        **given,
    }


def test_nothing_set_is_a_development_service_on_this_machine(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.is_development
    assert (found.host, found.port, found.public_url) == (
        "127.0.0.1",
        8000,
        "http://127.0.0.1:8000",
    )
    assert found.database_url is None
    assert found.mail_url == f"folder://{tmp_path / 'mail'}"
    assert found.log_format == "text"
    assert not found.is_secure


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    given = {
        "EFM_MODE": "staging",
        "EFM_PORT": "80000",
        "EFM_PROCESSES": "two",
        "EFM_DATABASE_URL": "mysql://root@localhost/efm",
        "EFM_SECRET_KEY": "changeme",
        "EFM_MAIL_URL": "http://mail.example.org",
        "EFM_PUBLIC_URL": "feedback.example.org",
        "EFM_LOG_LEVEL": "loud",
    }
    found = problems(tmp_path, **given)
    for name in given:
        assert [line for line in found if name in line], f"{name} is not among {found}"
    with pytest.raises(ConfigProblems, match="The configuration has problems:\n  - EFM_MODE"):
        load(tmp_path, **given)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EFM_PORT", "-1"),
        ("EFM_PORT", "0"),
        ("EFM_PORT", "8000.5"),
        ("EFM_PORT", "٨٠"),
        ("EFM_PORT", "9" * 5000),
        ("PORT", "http"),
        ("EFM_PROXY_HOPS", "6"),
        ("EFM_ANSWER_URL", "javascript:alert(1)"),
        ("EFM_LOG_FORMAT", "xml"),
        ("EFM_API_REQUESTS_A_MINUTE", "1e9"),
    ],
)
def test_a_value_that_does_not_fit_is_named(tmp_path: Path, name: str, value: str) -> None:
    (line,) = problems(tmp_path, **{name: value})
    assert name in line


def test_a_database_of_another_kind_is_refused_and_known_spellings_are_one(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        url = load(tmp_path, EFM_DATABASE_URL=f"{scheme}://a:b@c/d").database_url
        assert url == "postgresql+psycopg://a:b@c/d"
    (line,) = problems(tmp_path, EFM_DATABASE_URL="sqlite:///x.db")
    assert "only PostgreSQL" in line
    (line,) = problems(tmp_path, EFM_OWNER_URL="postgresql://a:b@c/d")
    assert "set both" in line


class TestSecret:
    """The key that seals credentials and derives links."""

    def test_production_does_not_start_without_one(self, tmp_path: Path) -> None:
        given = production(tmp_path)
        del given["EFM_SECRET_KEY"]
        (line,) = problems(tmp_path, **given)
        assert "EFM_SECRET_KEY" in line
        assert "missing" in line
        assert not (tmp_path / "secret-key").exists()

    @pytest.mark.parametrize("mode", ["development", "production"])
    @pytest.mark.parametrize(
        "weak", ["changeme", "secret", GOOD_SECRET[:31], "a" * 64, "abcabcabc" * 8, " " * 40]
    )
    def test_a_weak_one_is_refused_everywhere(self, tmp_path: Path, mode: str, weak: str) -> None:
        found = problems(tmp_path, **production(tmp_path, EFM_MODE=mode, EFM_SECRET_KEY=weak))
        assert [line for line in found if "too weak" in line and "secrets.token_urlsafe" in line]
        assert not [line for line in found if repr(weak) in line]

    def test_development_makes_one_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        first = load(tmp_path).secret_key
        assert len(first) >= 32
        assert load(tmp_path).secret_key == first
        assert stat.S_IMODE((tmp_path / "secret-key").stat().st_mode) == 0o600
        assert load(tmp_path / "other").secret_key != first

    def test_processes_that_start_together_share_it(self, tmp_path: Path) -> None:
        with multiprocessing.get_context("spawn").Pool(4) as pool:
            keys = set(pool.map(_secret, [str(tmp_path)] * 4))
        assert len(keys) == 1
        assert [path.name for path in tmp_path.iterdir()] == ["secret-key"]

    def test_it_is_never_shown(self, tmp_path: Path) -> None:
        found = load(tmp_path, EFM_SECRET_KEY=GOOD_SECRET, EFM_METRICS_TOKEN="metrics-token-1")
        assert GOOD_SECRET not in repr(found)
        assert "metrics-token-1" not in repr(found)


def _secret(folder: str) -> str:
    return config.load({"EFM_DATA_FOLDER": folder}).secret_key


class TestFiles:
    """EFM_NAME_FILE names a file that holds the value."""

    def test_the_value_is_read_without_its_line_end(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text(GOOD_SECRET + "\n", encoding="utf-8")
        (tmp_path / "url").write_text("postgresql://a:b@c/d\r\n", encoding="utf-8")
        found = load(
            tmp_path,
            EFM_SECRET_KEY_FILE=str(tmp_path / "key"),
            EFM_DATABASE_URL_FILE=str(tmp_path / "url"),
        )
        assert found.secret_key == GOOD_SECRET
        assert found.database_url == "postgresql+psycopg://a:b@c/d"

    def test_both_ways_at_once_are_a_contradiction(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text(GOOD_SECRET, encoding="utf-8")
        (line,) = problems(
            tmp_path,
            EFM_SECRET_KEY=GOOD_SECRET,
            EFM_SECRET_KEY_FILE=str(tmp_path / "key"),
        )
        assert "EFM_SECRET_KEY and EFM_SECRET_KEY_FILE" in line

    def test_a_file_that_cannot_be_read_is_a_problem(self, tmp_path: Path) -> None:
        (tmp_path / "binary").write_bytes(b"\xff\xfe" + bytes(range(256)))
        for path in (tmp_path / "absent", tmp_path / "binary", tmp_path):
            found = problems(tmp_path, **production(tmp_path), EFM_METRICS_TOKEN_FILE=str(path))
            assert [line for line in found if "EFM_METRICS_TOKEN_FILE cannot be read" in line]

    def test_an_empty_file_is_no_secret(self, tmp_path: Path) -> None:
        (tmp_path / "key").write_text("\n", encoding="utf-8")
        given = production(tmp_path, EFM_SECRET_KEY_FILE=str(tmp_path / "key"))
        del given["EFM_SECRET_KEY"]
        (line,) = problems(tmp_path, **given)
        assert "missing" in line


def test_production_is_reached_by_tls_unless_it_is_this_machine(tmp_path: Path) -> None:
    (line,) = problems(tmp_path, **production(tmp_path, EFM_PUBLIC_URL="http://example.org"))
    assert "https://" in line
    assert load(tmp_path, **production(tmp_path, EFM_PUBLIC_URL="http://localhost:8000"))
    found = load(tmp_path, **production(tmp_path))
    assert found.is_secure
    assert found.log_format == "json"


def test_a_data_folder_that_cannot_be_made_is_told_with_the_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    (line,) = problems(tmp_path / "file" / "var")
    assert "EFM_DATA_FOLDER" in line
