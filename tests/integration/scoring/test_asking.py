"""Requests for scores: what is answered, and what is refused how."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from tests.integration.scoring.conftest import Scores

SCORE = "/v1/models/churn/score"


def asked(*customers: object, **more: object) -> dict[str, Any]:
    return {
        "entities": [{"customer_id": each} for each in customers],
        "request": {"basket": 0.0},
        **more,
    }


def issue(response: httpx.Response) -> tuple[int, str, str]:
    (one,) = response.json()["issues"]
    return response.status_code, one["code"], f"{one['what']} · {one['fix']}"


def test_a_score_says_what_it_is_made_of(client: httpx.Client) -> None:
    response = client.post(SCORE, json=asked(3, reasons=1))
    assert response.status_code == 200
    body = response.json()
    assert response.headers["x-request-id"] == body.pop("request_id")
    moment = {"at": "2024-03-09T00:00:00+00:00", "computed_at": "2024-03-09T00:00:00+00:00"}
    assert body == {
        "model": "churn",
        "version": 7,
        "release": 1,
        "results": [
            {
                "customer_id": 3,
                "score": 0.25,
                "version": 7,
                "status": "ok",
                "reasons": [{"feature": "orders_30d", "value": 3.0, "contribution": -0.5}],
                "missing": [],
                "features_at": moment["at"],
            }
        ],
        "freshness": {"customer": {**moment, "release": 1}},
    }


def test_many_in_their_order_with_values_of_their_own(client: httpx.Client) -> None:
    sent = asked(*range(100))
    sent["entities"][2]["basket"] = 6.0
    body = client.post(SCORE, json=sent).json()
    assert [each["customer_id"] for each in body["results"]] == list(range(100))
    assert body["results"][2]["score"] == 1 / 9
    assert body["results"][3]["score"] == 1 / 4
    assert body["results"][2]["missing"] == ["segment"]


def test_the_unknown_have_no_score_and_others_do(client: httpx.Client) -> None:
    body = client.post(SCORE, json=asked(1, 1000)).json()
    assert [(each["score"], each["status"]) for each in body["results"]] == [
        (0.5, "ok"),
        (None, "unknown_entity"),
    ]
    status, code, told = issue(client.post(SCORE, json=asked(1000)))
    assert (status, code) == (404, "E073")
    assert "1000" in told


@pytest.mark.parametrize(
    ("body", "status", "code", "told"),
    [
        ("", 400, "E064", "no JSON"),
        ("{", 400, "E064", "no JSON"),
        ('{"entities": [{"customer_id": NaN}]}', 400, "E064", "NaN is no number in JSON"),
        ("[" * 100_000, 400, "E064", "nested too deeply"),
        (b'{"entities": "\xff"}', 400, "E064", "utf-8"),
        (
            '{"entities": [{"customer_id": 1, "customer_id": 2}]}',
            400,
            "E064",
            "`customer_id` stands twice",
        ),
        ('{"entities": [{"customer_id": ' + "9" * 5000 + "}]}", 400, "E064", ""),
        ("[1]", 400, "E065", "the body is a list"),
        ('{"entitis": []}', 400, "E065", "did you mean `entities`?"),
        ("{}", 400, "E065", "`entities` is missing"),
        ('{"entities": []}', 400, "E065", "empty"),
        ('{"entities": {"customer_id": 1}}', 400, "E065", "no list"),
        ('{"entities": [1]}', 400, "E065", "`entities[0]` is `1`"),
        (
            '{"entities": [{"customer_id": [1]}]}',
            400,
            "E065",
            "`entities[0].customer_id` is a list",
        ),
        ('{"entities": [{"customer_id": 1e999}]}', 400, "E065", "too large to hold"),
        ('{"entities": [{"customer_id": 99999999999999999999999}]}', 400, "E065", "64 bits"),
        ('{"entities": [{"customer_id": "\\ud800"}]}', 400, "E065", "half a character"),
        ('{"entities": [{"customer_id": "a\\u0000"}]}', 400, "E065", "zero character"),
        ('{"entities": [{"customer_id": 1}], "reasons": -1}', 400, "E065", "from 0 to 100"),
        ('{"entities": [{"customer_id": 1}], "reasons": true}', 400, "E065", "from 0 to 100"),
        ('{"entities": [{"customer_id": 1}], "request": 3}', 400, "E065", "`request` is `3`"),
        ('{"entities": [{"customer_id": "1"}], "request": {"basket": 1}}', 400, "E053", "whole"),
        ('{"entities": [{}], "request": {"basket": 1}}', 400, "E053", "no `customer_id`"),
        ('{"entities": [{"customer_id": 1}]}', 400, "E054", "`basket` is missing"),
        (
            '{"entities": [{"customer_id": 1, "baskt": 1}], "request": {"basket": 1}}',
            400,
            "E054",
            "did you mean `basket`?",
        ),
        ('{"entities": [{"customer_id": 1}], "request": {"basket": "x"}}', 400, "E054", "number"),
    ],
)
def test_mistakes_are_told(
    client: httpx.Client, body: str | bytes, status: int, code: str, told: str
) -> None:
    response = client.post(SCORE, content=body, headers={"content-type": "application/json"})
    found = issue(response)
    assert found[:2] == (status, code), found
    assert told in found[2]


def test_too_many_at_once_are_told_of_the_table(client: httpx.Client) -> None:
    for number in (1_001, 100_000):
        status, code, told = issue(client.post(SCORE, json=asked(*range(number))))
        assert (status, code) == (413, "E066")
        assert "select * from churn" in told
    assert client.post(SCORE, json=asked(*range(1_000))).status_code == 200


def test_a_body_without_a_length_ends_at_a_mebibyte(client: httpx.Client) -> None:
    def parts() -> Any:
        for _ in range(40):
            yield b" " * 65_536

    headers = {"content-type": "application/json"}
    assert issue(client.post(SCORE, content=parts(), headers=headers))[:2] == (413, "E066")
    assert client.post(SCORE, json=asked(1)).status_code == 200


def test_an_unknown_model_and_another_method(client: httpx.Client) -> None:
    found = issue(client.post("/v1/models/chrun/score", json=asked(1)))
    assert found[:2] == (404, "E062")
    assert "churn" in found[2]
    response = client.get(SCORE)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert client.post("/v1/models//score", json=asked(1)).status_code == 404


def test_pages_of_other_sites_cannot_ask(client: httpx.Client) -> None:
    foreign = client.post(SCORE, json=asked(1), headers={"origin": "https://evil.example"})
    assert issue(foreign)[:2] == (403, "E973")
    cross = client.post(SCORE, json=asked(1), headers={"sec-fetch-site": "cross-site"})
    assert issue(cross)[:2] == (403, "E973")
    plain = client.post(SCORE, content=json.dumps(asked(1)), headers={"content-type": "text/plain"})
    assert issue(plain)[:2] == (415, "E973")
    rebound = client.post(SCORE, json=asked(1), headers={"host": "evil.example"})
    assert issue(rebound)[:2] == (421, "E973")
    assert rebound.headers["x-content-type-options"] == "nosniff"


def test_models_say_what_they_are_asked_with(scores: Scores, client: httpx.Client) -> None:
    one = client.get("/v1/models/churn").json()
    assert (one["online"], one["version"], one["release"]) == (True, 7, 1)
    assert one["keys"] == [{"name": "customer_id", "type": "BIGINT"}]
    assert one["request"] == [{"name": "basket", "type": "DOUBLE"}]
    assert [each["name"] for each in one["features"]] == ["orders_30d", "segment", "basket"]
    assert one["freshness"]["customer"]["release"] == 1
    assert client.get("/v1/models").json() == {"models": [one]}
    missing = client.get("/v1/models/chrun")
    assert missing.status_code == 404
    assert "did you mean `churn`?" in missing.text


def test_what_was_answered_is_logged_and_counted(scores: Scores, client: httpx.Client) -> None:
    from headwater.project.serving.log import read_log

    request_id = client.post(SCORE, json=asked(5)).json()["request_id"]
    refused = client.post(SCORE, json=asked(7_777)).headers["x-request-id"]
    client.post("/v1/models/chrun/score", json=asked(1))
    scores.app.state.serving.log.flush()
    rows = read_log(scores.app.state.serving.log.folder, "churn", 7).to_pylist()
    found = {row["request_id"]: row for row in rows}
    assert found[request_id]["score"] == 1 / 6
    assert found[request_id]["role"] == "champion"
    assert found[refused]["status"] == "unknown_entity"
    text = client.get("/metrics", headers={"accept": "text/plain"}).text
    assert 'headwater_scores_total{model="churn",role="champion",status="ok",version="7"}' in text
    assert 'headwater_score_requests_total{code="200",model="churn"}' in text
    assert 'headwater_score_requests_total{code="404",model=""}' in text
    assert 'headwater_feature_age_seconds{view="customer"} 86400.0' in text
    assert 'headwater_model_info{model="churn",release="1",role="champion",version="7"} 1.0' in text
    assert "headwater_request_log_dropped 0.0" in text
