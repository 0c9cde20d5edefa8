"""Secrets come from the environment or `.env`, and never show themselves."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from headwater.definitions.secrets import Secret, mask, read_dotenv, resolve
from headwater.errors import HeadwaterError, Place


def test_the_environment_goes_before_dotenv(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("USER=from_file\nPASSWORD='p w#1' # the old one\n")
    secret = resolve("pg://${USER}:${PASSWORD}@db", tmp_path, environ={"USER": "from_env"})
    assert secret.reveal() == "pg://from_env:p w#1@db"


def test_dotenv_files(tmp_path: Path) -> None:
    text = '# c\nexport A=1\n B = two # c\nC="x # y\\nz"\nD=\nnot a line\nE=a#b\n'
    (tmp_path / ".env").write_text(text)
    expected = {"A": "1", "B": "two", "C": "x # y\nz", "D": "", "E": "a#b"}
    assert read_dotenv(tmp_path / ".env") == expected
    assert read_dotenv(tmp_path / "none") == {}


def test_all_missing_secrets_at_once(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SHOP_DB_URL=x\n")
    with pytest.raises(HeadwaterError) as raised:
        resolve("${SHOP_DB_UR} ${TOKEN} ${no-name}", tmp_path, Place("s.yml", 3), environ={})
    assert [str(issue) for issue in raised.value.issues] == [
        "E118 the secret `SHOP_DB_UR` is not set · s.yml:3 · did you mean `SHOP_DB_URL`?",
        "E118 the secret `TOKEN` is not set · s.yml:3 · set it in the environment or in `.env`",
        (
            "E118 `${no-name}` names no variable · s.yml:3 · "
            "write `${NAME}` with letters, digits and underscores"
        ),
    ]


def test_a_secret_never_shows_itself() -> None:
    secret = Secret("hunter22")
    for shown in (repr(secret), str(secret), f"{secret}", f"{secret:>3}", f"{[secret]}"):
        assert "hunter22" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_messages_are_masked(tmp_path: Path) -> None:
    url = "postgresql://me:s3cret%2Dpass@db/shop"
    resolve("${URL} ${SHORT}", tmp_path, environ={"URL": url, "SHORT": "ab"})
    assert mask(f"cannot reach {url}") == "cannot reach •••"
    assert mask("password s3cret-pass is wrong about ab") == "password ••• is wrong about ab"
