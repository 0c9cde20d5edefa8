"""What models there are, for programs."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Request, Response

from headwater.errors import did_you_mean
from headwater.web.api.asking import REFUSALS
from headwater.web.api.encoding import json_response
from headwater.web.context import NotThere
from headwater.web.scoring.modelling import model_facts
from headwater.web.scoring.schema import ModelFacts, ModelList
from headwater.web.scoring.serving import Serving

router = APIRouter(tags=["Scores"])

_LIST: Final[dict[int | str, dict[str, Any]]] = {200: {"model": ModelList}, **REFUSALS}
_ONE: Final[dict[int | str, dict[str, Any]]] = {200: {"model": ModelFacts}, **REFUSALS}


def serving_of(request: Request) -> Serving:
    """The scoring of the application."""
    serving: Serving = request.app.state.serving
    return serving


@router.get("/v1/models", summary="All models", responses=_LIST)
def models(request: Request) -> Response:
    """Which version is published, how good it is, what it is asked with."""
    serving = serving_of(request)
    return json_response(
        {"models": [model_facts(serving, name) for name in sorted(serving.ready.models)]}
    )


@router.get("/v1/models/{model}", summary="One model", responses=_ONE)
def model(request: Request, model: Annotated[str, Path(max_length=200)]) -> Response:
    """Its keys, features, values of the request, figures and freshness."""
    serving = serving_of(request)
    known = serving.ready.models
    if model not in known:
        fix = did_you_mean(model, known, "`GET /v1/models` lists them")
        raise NotThere(f"there is no model `{model[:80]}`", fix)
    return json_response(model_facts(serving, model))
