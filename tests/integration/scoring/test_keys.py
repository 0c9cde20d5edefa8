"""Keys: who may ask, from when on, and until when."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.integration.scoring.conftest import giving_scores, new_shop
from tests.integration.scoring.models import AT

from headwater.errors import UsageError
from headwater.ledger import Ledger
from headwater.project.keys import KEY, create_key, find_key, read_keys, revoke_key

SCORE = "/v1/models/churn/score"
ASKED = {"entities": [{"customer_id": 1}], "request": {"basket": 0}}
TOKEN = "a token of enough letters"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(str(tmp_path / "ledger.db")) as ledger:
        yield ledger


def test_only_a_hash_is_kept(ledger: Ledger) -> None:
    key = create_key(ledger, "shop", model="churn", at=AT, author="ann")
    assert len(key) >= 43
    (note,) = ledger.notes(sort=KEY)
    assert key not in note.data + note.text
    (known,) = read_keys(ledger)
    assert (known.name, known.model, known.created_by) == ("shop", "churn", "ann")
    assert find_key([known], key) == known
    assert find_key([known], key[:-1]) is None
    assert find_key([known], "") is None


def test_a_revoked_key_opens_nothing_and_frees_its_name(ledger: Ledger) -> None:
    key = create_key(ledger, "shop", at=AT, author="ann")
    revoke_key(ledger, "shop", at=AT, author="ann")
    assert find_key(read_keys(ledger), key) is None
    again = create_key(ledger, "shop", at=AT, author="ann")
    assert find_key(read_keys(ledger), again) is not None
    assert [each.is_live for each in read_keys(ledger)] == [False, True]


@pytest.mark.parametrize(("name", "code"), [("", "E060"), ("a b", "E060"), ("shop", "E060")])
def test_names_of_keys(ledger: Ledger, name: str, code: str) -> None:
    create_key(ledger, "shop", at=AT, author="ann")
    with pytest.raises(UsageError) as caught:
        create_key(ledger, name, at=AT, author="ann")
    assert caught.value.issues[0].code == code
    with pytest.raises(UsageError, match=r"E061 .*did you mean `shop`"):
        revoke_key(ledger, "shp", at=AT, author="ann")


def ask(client: httpx.Client, key: str = "", header: str = "authorization") -> int:
    given = {header: f"Bearer {key}" if header == "authorization" else key} if key else {}
    return client.post(SCORE, json=ASKED, headers=given).status_code


def waited_for(client: httpx.Client, key: str, status: int) -> float:
    """Seconds until an answer has a status; at most five."""
    began = time.monotonic()
    while ask(client, key) != status and time.monotonic() < began + 5:
        time.sleep(0.02)
    return time.monotonic() - began


def test_keys_protect_scores_of_a_running_server(tmp_path: Path) -> None:
    with giving_scores(new_shop(tmp_path)) as scores, scores.client() as client:
        ledger = scores.app.state.site.workspace.ledger
        assert ask(client) == 200  # nobody made a key, and only this machine can ask
        key = create_key(ledger, "shop", at=AT, author="ann")
        assert waited_for(client, "", 401) < 1
        assert ask(client, key) == 200
        assert ask(client, key, "x-api-key") == 200
        assert ask(client, key + "x") == 401
        refused = client.post(SCORE, json=ASKED)
        assert refused.headers["www-authenticate"] == "Bearer"
        other = create_key(ledger, "other", model="value", at=AT, author="ann")
        assert waited_for(client, other, 403) < 1
        revoke_key(ledger, "shop", at=AT, author="ann")
        assert waited_for(client, key, 401) < 1
        assert ask(client) == 401  # once there were keys, it stays closed


def test_the_token_of_the_pages_and_keys_beside_it(tmp_path: Path) -> None:
    with giving_scores(new_shop(tmp_path), token=TOKEN) as scores, scores.client() as client:
        key = create_key(scores.app.state.site.workspace.ledger, "shop", at=AT, author="ann")
        scores.look()
        assert [ask(client), ask(client, TOKEN), ask(client, key)] == [401, 200, 200]
        figures = {"accept": "text/plain"}
        keyed = {"x-api-key": key}
        for path in ("/v1/models", "/v1/models/churn"):
            assert client.get(path).status_code == 401
            assert client.get(path, headers=keyed).status_code == 200
        assert client.get("/metrics", headers=figures).status_code == 401
        assert client.get("/metrics", headers=figures | keyed).status_code == 200
        for path in ("/metrics", "/v1/release", "/v1/query?metric=x"):  # a key opens models alone
            assert client.get(path, headers=keyed).status_code == 401
