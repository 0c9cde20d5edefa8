"""What there is to say about a model that is served."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headwater.errors import UsageError
from headwater.ids import NodeId
from headwater.kinds.model.versions import read_facts
from headwater.ledger import Ledger
from headwater.online.model import OnlineError
from headwater.project.serving.model import OnlineModel
from headwater.project.serving.runtime import Runtime
from headwater.web.scoring.serving import Serving


def model_facts(serving: Serving, name: str) -> dict[str, Any]:
    """The facts of a released model."""
    ready = serving.ready
    runtime = ready.runtime
    found = runtime.model(name) if runtime is not None and name in runtime.published else None
    tried = ready.deployments.get(name)
    version = found.version if found is not None else ready.models[name]
    return {
        "model": name,
        "online": found is not None,
        "version": version,
        "release": runtime.release if runtime is not None else 0,
        "keys": _columns(dict(found.keys)) if found is not None else [],
        "request": _columns(found.request) if found is not None else [],
        "features": _features(found) if found is not None else [],
        "figures": figures_of(serving.ledger, name, version),
        "freshness": _freshness(runtime, found) if runtime and found else {},
        "tried": None
        if tried is None
        else {
            "version": tried.version,
            "role": "shadow" if tried.is_shadow else "challenger",
            "share": tried.share,
            "ends_at": tried.ends_at,
        },
    }


def figures_of(ledger: Ledger, name: str, version: int | None) -> dict[str, float | None]:
    """The figures of a version on its test span; none of one that is not in the ledger."""
    if version is None:
        return {}
    try:
        found = ledger.version(NodeId("model", name), version)
    except UsageError:
        return {}
    return {figure: value.value for figure, value in read_facts(found).figures.items()}


def _columns(types: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "type": type_} for name, type_ in types.items()]


def _features(model: OnlineModel) -> list[dict[str, Any]]:
    return [
        {
            "name": column.name,
            "type": column.type,
            "view": column.view,
            "on_request": column.on_request,
        }
        for column in model.columns
    ]


def _freshness(runtime: Runtime, model: OnlineModel) -> dict[str, Any]:
    try:
        tables = runtime.reader.store.tables()
    except OnlineError:
        return {}
    return {
        view.features.view: {
            "at": tables[view.table].at,
            "computed_at": tables[view.table].computed_at,
            "release": tables[view.table].release,
        }
        for view in model.views
        if view.table in tables
    }
