"""The settings of an API in dlt's words, with shorter ones for what is common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from headwater.clock import parse_duration
from headwater.definitions.secrets import resolve
from headwater.errors import HeadwaterError, Issue, Place, did_you_mean

_PAGINATORS: Final = {
    "page": "page_number", "page_number": "page_number", "offset": "offset", "cursor": "cursor",
    "link_header": "header_link", "header_link": "header_link", "link": "json_link",
    "json_link": "json_link", "header_cursor": "header_cursor", "auto": "auto",
    "none": "single_page", "single_page": "single_page",
}  # fmt: skip
_AUTHS: Final = {
    "bearer": "bearer", "api_key": "api_key", "basic": "http_basic", "http_basic": "http_basic",
    "oauth2_client_credentials": "oauth2_client_credentials",
}  # fmt: skip
_KNOWN: Final = (
    "paginate", "paginator", "auth", "headers", "params", "method", "json", "data_selector",
    "cursor", "incremental", "page_size", "page_size_param", "timeout", "attempts", "max_wait",
    "max_pages",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """How an API is asked; `repr` shows no secret."""

    paginator: Mapping[str, Any] = field(default_factory=lambda: {"type": "auto"})
    auth: Mapping[str, Any] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    method: str = "GET"
    json: Mapping[str, Any] | None = field(default=None, repr=False)
    data_selector: str | None = None
    cursor: str | None = None
    cursor_param: str | None = None
    initial: Any = None
    timeout_s: float = 60
    attempts: int = 5
    max_wait_s: float = 120
    max_pages: int = 100_000


def read_settings(
    settings: Mapping[str, Any],
    root: Path,
    place: Place,
    environ: Mapping[str, str] | None = None,
) -> ApiSettings:
    """The settings with secrets filled in; raises `HeadwaterError` (E508) for unknown words."""
    issues = [
        _issue(f"unknown key `{key}` of `api`", did_you_mean(key, _KNOWN, ", ".join(_KNOWN)), place)
        for key in settings
        if key not in _KNOWN
    ]
    if issues:
        raise HeadwaterError(*issues)
    filled = {key: _fill(value, root, place, environ) for key, value in settings.items()}
    paginator, params = _paginator(filled, place)
    cursor = filled.get("cursor", filled.get("incremental"))
    if isinstance(cursor, str):
        cursor = {"cursor_path": cursor}
    cursor = cursor or {}
    plain = {
        key: filled[key] for key in ("headers", "method", "json", "data_selector") if key in filled
    }
    return ApiSettings(
        paginator=paginator,
        params=params,
        auth=_auth(filled.get("auth"), place),
        cursor=cursor.get("cursor_path"),
        cursor_param=cursor.get("start_param", cursor.get("cursor_path")),
        initial=cursor.get("initial_value"),
        timeout_s=_seconds(filled.get("timeout", 60)),
        max_wait_s=_seconds(filled.get("max_wait", 120)),
        attempts=int(filled.get("attempts", 5)),
        max_pages=int(filled.get("max_pages", 100_000)),
        **plain,
    )


def _paginator(filled: Mapping[str, Any], place: Place) -> tuple[dict[str, Any], dict[str, Any]]:
    given = filled.get("paginate", filled.get("paginator", "auto"))
    config = dict(given) if isinstance(given, Mapping) else {"type": given}
    word = str(config.get("type", "auto"))
    if word not in _PAGINATORS:
        fix = did_you_mean(word, _PAGINATORS, ", ".join(_PAGINATORS))
        raise HeadwaterError(_issue(f"unknown way to paginate `{word}`", fix, place))
    config["type"] = _PAGINATORS[word]
    params = dict(filled.get("params", {}))
    size = filled.get("page_size")
    if config["type"] == "page_number":
        # dlt's defaults want a total in each answer; an empty page ends the pages just as well.
        config = {"base_page": 1, "total_path": None, **config}
    elif config["type"] == "offset":
        config = {"limit": size or 100, "total_path": None, **config}
        if "page_size_param" in filled:
            config.setdefault("limit_param", filled["page_size_param"])
    if size is not None and config["type"] != "offset":
        params[filled.get("page_size_param", "page_size")] = size
    return config, params


def _auth(given: Any, place: Place) -> dict[str, Any] | None:
    if given is None:
        return None
    if isinstance(given, str):
        return {"type": "bearer", "token": given}
    word = str(given.get("type", "bearer"))
    if word not in _AUTHS:
        fix = did_you_mean(word, _AUTHS, ", ".join(_AUTHS))
        raise HeadwaterError(_issue(f"unknown `auth` type `{word}`", fix, place))
    return {**given, "type": _AUTHS[word]}


def _fill(value: Any, root: Path, place: Place, environ: Mapping[str, str] | None) -> Any:
    if isinstance(value, str):
        return resolve(value, root, place, environ).reveal() if "${" in value else value
    if isinstance(value, Mapping):
        return {key: _fill(item, root, place, environ) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(item, root, place, environ) for item in value]
    return value


def _seconds(value: Any) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        return parse_duration(value).total_seconds()
    return float(value)


def _issue(what: str, fix: str, place: Place) -> Issue:
    return Issue(code="E508", what=what, place=place, fix=fix)
