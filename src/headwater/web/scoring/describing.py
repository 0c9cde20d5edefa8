"""`/openapi.json` for scores: an address for each model that gives some, with its own keys."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from headwater.project.serving.model import OnlineModel
from headwater.web.api.models import Problems
from headwater.web.scoring.reading import MOST_ENTITIES, MOST_REASONS
from headwater.web.scoring.schema import ScoreAnswer, ScoreQuestion
from headwater.web.scoring.serving import Serving

_REF: Final = "#/components/schemas/"
_REFUSALS: Final[Mapping[str, str]] = {
    "400": "Asked wrongly: what, where and how to mend it.",
    "401": "A key is needed.",
    "403": "The key is for another model, or the request comes from another site.",
    "404": "There is no such model, or nothing is known of any of the entities.",
    "405": "Scores are asked for with POST.",
    "409": "The model is released, and gives no scores on request.",
    "413": "More than 1,000 entities, or 1 MiB.",
    "415": "The body is not sent as `application/json`.",
    "421": "The server does not answer for this host.",
    "500": "Nobody foresaw it.",
    "503": "The online store is down, not filled, or its values are too old.",
}
_RETRY: Final = {"schema": {"type": "integer"}, "description": "Seconds to wait."}


def describe_scores(described: dict[str, Any], serving: Serving) -> dict[str, Any]:
    """The description with the addresses of scores, as they are at this moment."""
    whole = deepcopy(described)
    components = whole.setdefault("components", {})
    _, schemas = models_json_schema(
        [
            (ScoreQuestion, "validation"),
            (ScoreAnswer, "serialization"),
            (Problems, "serialization"),
        ],
        ref_template=_REF + "{model}",
    )
    components.setdefault("schemas", {}).update(schemas["$defs"])
    components["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer"},
        "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    }
    needs = serving.admission.needs_secret
    paths = whole["paths"]
    runtime = serving.ready.runtime
    if runtime is None:
        paths["/v1/models/{model}/score"] = {"post": _any_model(needs)}
        return whole
    for name in runtime.published:
        paths[f"/v1/models/{name}/score"] = {"post": _one_model(runtime.model(name), needs)}
    return whole


def _any_model(needs_secret: bool) -> dict[str, Any]:
    return {
        **_operation("Score entities", "score", {"$ref": f"{_REF}ScoreQuestion"}, needs_secret),
        "description": "Values are looked up by key. No model of the release gives scores yet.",
        "parameters": [
            {
                "name": "model",
                "in": "path",
                "required": True,
                "schema": {"type": "string", "minLength": 1, "maxLength": 200},
            }
        ],
    }


def _one_model(model: OnlineModel, needs_secret: bool) -> dict[str, Any]:
    question = question_schema(model)
    operation = _operation(
        f"Score entities with {model.name}", f"score_{model.name}", question, needs_secret
    )
    example = {"entities": [{name: _example(type_) for name, type_ in model.keys}], "reasons": 3}
    if model.request:
        example["request"] = {name: _example(type_) for name, type_ in model.request.items()}
    content = operation["requestBody"]["content"]["application/json"]
    content["example"] = example
    return operation


def question_schema(model: OnlineModel) -> dict[str, Any]:
    """What one model is asked with: the columns of its key, and the values of the request."""
    keys = {name: _type(type_) for name, type_ in model.keys}
    values = {name: _nullable(_type(type_)) for name, type_ in model.request.items()}
    entity = {
        "type": "object",
        "properties": {**values, **keys},
        "required": list(keys),
        "additionalProperties": False,
    }
    properties: dict[str, Any] = {
        "entities": {
            "type": "array",
            "items": entity,
            "minItems": 1,
            "maxItems": MOST_ENTITIES,
        },
        "reasons": {"type": "integer", "minimum": 0, "maximum": MOST_REASONS, "default": 0},
    }
    required = ["entities"]
    if values:
        properties["request"] = {
            "type": "object",
            "properties": values,
            "required": list(values),
            "additionalProperties": False,
        }
        required.append("request")
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _operation(
    summary: str, name: str, question: dict[str, Any], needs_secret: bool
) -> dict[str, Any]:
    responses: dict[str, Any] = {
        "200": {
            "description": "A score for each entity, in order.",
            "content": {"application/json": {"schema": {"$ref": f"{_REF}ScoreAnswer"}}},
        }
    }
    for status, description in _REFUSALS.items():
        content = {"application/json": {"schema": {"$ref": f"{_REF}Problems"}}}
        responses[status] = {"description": description, "content": content}
    responses["503"]["headers"] = {"Retry-After": _RETRY}
    secrets: list[dict[str, list[str]]] = [{"bearer": []}, {"key": []}]
    return {
        "tags": ["Scores"],
        "summary": summary,
        "operationId": name,
        "security": secrets if needs_secret else [{}, *secrets],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": question}},
        },
        "responses": responses,
    }


_WHOLE: Final = {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}
_TYPES: Final[Mapping[str, dict[str, Any]]] = {
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "date-time"},
}
_TEXT: Final = {"type": "string", "maxLength": 1_000}


def _type(type_: str) -> dict[str, Any]:
    """A DuckDB type in the words of JSON Schema."""
    if type_.upper().removeprefix("U") in ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"):
        return dict(_WHOLE)
    from headwater.learning.values import LARGEST, family_of

    family = family_of(type_)
    if family == "number":
        return {"type": "number", "minimum": -LARGEST, "maximum": LARGEST}
    return dict(_TYPES.get(family, _TEXT))


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _example(type_: str) -> object:
    words = {"integer": 12346, "number": 1.5, "boolean": True}
    return words.get(_type(type_)["type"], "text")
