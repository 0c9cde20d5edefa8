"""The keys of a source's file, and how they become its definition."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from headwater.definitions.fields import (
    DESCRIBED,
    MOVED,
    ByShape,
    Choice,
    Duration,
    Flag,
    Key,
    ListOf,
    Number,
    Record,
    Text,
    take_described,
)
from headwater.definitions.files import root_mapping
from headwater.definitions.loader import Files, name_of
from headwater.definitions.schemas import Declared, DescribedFiles
from headwater.definitions.settings import ZoneName, clear_password
from headwater.definitions.yamltext import Located
from headwater.errors import Issue, Place
from headwater.ids import NodeId
from headwater.kinds.source.definition import (
    ApiOrigin,
    Breach,
    Changelog,
    Completeness,
    FilesOrigin,
    Freshness,
    InPlaceOrigin,
    Origin,
    PostgresOrigin,
    PythonOrigin,
    SourceDefinition,
)

_COLUMN: Final = Text(names="columns")
_PATTERNS: Final = ListOf(Text())

#: How text files and workbooks are written, where that cannot be seen from the file itself.
OPTIONS: Final = Record(
    (
        Key("delimiter", Text(), "between values, such as `;`"),
        Key("quote", Text(), "around values that hold the delimiter"),
        Key("header", Flag(), "whether the first row names the columns"),
        Key("encoding", Text(), "such as `latin-1`; UTF-8 by default"),
        Key("null", ListOf(Text(), at_least=0), "texts that stand for no value"),
        Key("skip", Number(whole=True, minimum=0), "rows before the header"),
        Key("decimal", Text(), "what stands before the decimals of a number: `.` or `,`"),
        Key("thousands", Text(), "what stands between the thousands of a number"),
        Key("date_format", Text(), "as in strptime: `%d.%m.%Y`"),
        Key("timestamp_format", Text(), "as in strptime: `%d.%m.%Y %H:%M`"),
        Key("compression", Text(), "where the file's name does not say, such as `gzip`"),
        Key("sheet", Text(), "of a workbook; the first by default"),
    ),
    moved={
        "sep": "did you mean `delimiter`?",
        "skip_rows": "did you mean `skip`?",
        "decimal_separator": "did you mean `decimal`?",
        "thousands_separator": "did you mean `thousands`?",
    },
)
POSTGRES: Final = Record(
    (
        Key("url", Text(), "the connection, with `${NAME}` for what is secret", required=True),
        Key("table", Text(), "such as `public.invoices`"),
        Key("query", Text(), "a SELECT instead of a table"),
        Key("cursor", _COLUMN, "only rows beyond its last value are read"),
        Key("overlap", Duration(), "read again this far before the last value"),
        Key("batch_rows", Number(whole=True, minimum=1), "rows held in memory at once"),
    )
)
API: Final = Record(
    (
        Key("base_url", Text(), "where the API begins", required=True),
        Key("resource", Text(), "the path below it", required=True),
    ),
    open_to_others=True,
    moved={"endpoint": "did you mean `resource`?"},
)
PYTHON: Final = Record(
    (
        Key("function", Text(), "`module:function` in the project", required=True),
        Key("cursor", _COLUMN, "its last value is given to the function"),
    )
)
TABLES_IN: Final = Record(
    (
        Key("files", _PATTERNS, "where they lie", required=True),
        Key("format", Choice(("csv", "parquet", "json")), "where the name does not say"),
    )
)
CHANGELOG: Final = Record(
    (
        Key("key", ListOf(_COLUMN), "what a changed row is known by", required=True),
        Key("latest_by", _COLUMN, "of two rows with one key the later counts", required=True),
        Key("deleted", Text(), "true for rows that delete their key"),
    )
)
FRESHNESS: Final = Record(
    (
        Key("warn_after", Duration(), "older than this is a warning"),
        Key("error_after", Duration(), "older than this is an error"),
    )
)
_COMPLETE_BY: Final = Choice(("file", "time", "marker"))
COMPLETE: Final = Record(
    (
        Key("by", _COMPLETE_BY, "what shows that a day has all its rows"),
        Key("after", Duration(), "so long after its end"),
        Key("marker", Text(), "a file to look for, with `{date}`"),
    )
)
BREACH: Final = ByShape(
    Choice(("quarantine", "hold")),
    Record((Key("quarantine", ListOf(_COLUMN), "with all rows of the same", required=True),)),
)
_ORIGINS: Final = ("files", "postgres", "api", "python", "tables_in")

SOURCE: Final = Record(
    (
        *DESCRIBED,
        Key("files", _PATTERNS, "a glob or a list of them, local or any fsspec URL"),
        Key("postgres", POSTGRES, "a table or query of a PostgreSQL database"),
        Key("api", API, "an HTTP API, in dlt's words"),
        Key("python", ByShape(Text(), PYTHON), "a generator in the project, `module:function`"),
        Key("tables_in", ByShape(_PATTERNS, TABLES_IN), "files read in place, not copied"),
        Key("format", Choice(("csv", "parquet", "json", "excel")), "where the name does not say"),
        Key("options", OPTIONS, "how the files are written"),
        Key("time", _COLUMN, "the column that says when a row happened"),
        Key("timezone", ZoneName(), "of times without a zone; the project's by default"),
        Key("redelivery", Choice(("keep_first", "replace", "append")), "of a day delivered twice"),
        Key("order", Choice(("name", "modified", "arrival")), "which delivery comes first"),
        Key("key", ListOf(_COLUMN), "what a row is known by"),
        Key("changelog", CHANGELOG, "rows are changes of rows"),
        Key("freshness", FRESHNESS, "how old the newest row may be"),
        Key("complete", ByShape(_COMPLETE_BY, COMPLETE), "when a day has all its rows"),
        Key("on_breach", BREACH, "what happens to rows that break the contract"),
        Key("late_limit", Duration(), "rows later than this go to quarantine"),
    ),
    moved={
        **MOVED,
        "loaded_at_field": "did you mean `time`?",
        "schema": "columns and types are promised in `contracts/…odcs.yaml`",
        "tables": "one source a file; the file's name is its name",
        "columns": "columns and types are promised in `contracts/…odcs.yaml`",
        "rules": "what rows promise stands in `contracts/…odcs.yaml`",
    },
)


def read_source(files: Files) -> SourceDefinition | None:
    """The definition of one `sources/*.yml`; None where it has no usable origin."""
    suffix = ".yaml" if files.path.endswith(".yaml") else ".yml"
    name = name_of(files.path, suffix, files.issues)
    root = root_mapping(files, "`files:` and `time:` suffice")
    if root is None or name is None:
        return None
    values = SOURCE.read(root, files.issues)
    origin = _origin(root, values, files)
    if origin is None:
        return None
    _check(root, values, files)
    chosen = {k: values[k] for k in _SAME if k in values}
    changelog = values.get("changelog")
    whole = changelog is not None and "key" in changelog and "latest_by" in changelog
    return SourceDefinition(
        id=NodeId("source", name),
        place=Place(files.path, 1),
        files=files.paths,
        described=take_described(values),
        origin=origin,
        changelog=Changelog(**changelog) if whole else None,
        freshness=Freshness(**values.get("freshness", {})),
        complete=_complete(values.get("complete", {})),
        on_breach=_breach(values.get("on_breach", "quarantine")),
        **chosen,
    )


_SAME: Final = ("time", "timezone", "redelivery", "order", "key", "late_limit")


def _origin(root: Located, values: Mapping[str, Any], files: Files) -> Origin | None:
    written = [key for key in _ORIGINS if key in root.mapping]
    if not written:
        fix = f"add one of {', '.join(f'`{key}:`' for key in _ORIGINS)}"
        files.wrong("E116", "nothing says where the rows come from", root.place, fix)
        return None
    if len(written) > 1:
        place = root.mapping[written[1]].key_place or root.place
        what = f"`{written[0]}` and `{written[1]}` exclude each other"
        files.wrong("E126", what, place, "make two sources of them")
        return None
    key = written[0]
    if key not in values or not values[key]:
        return None  # its own mistake is noted
    try:
        return _MAKERS[key](values[key], values)
    except TypeError:
        return None  # a required key is missing, which is noted


def _files(value: Any, values: Mapping[str, Any]) -> Origin:
    options = values.get("options", {})
    return FilesOrigin(patterns=value, format=values.get("format"), options=options)


def _api(value: Any, _values: Mapping[str, Any]) -> Origin:
    rest = {key: item for key, item in value.items() if key not in ("base_url", "resource")}
    named = {key: item for key, item in value.items() if key not in rest}
    return ApiOrigin(**named, settings=rest)


def _python(value: Any, _values: Mapping[str, Any]) -> Origin:
    return PythonOrigin(**({"function": value} if isinstance(value, str) else value))


def _in_place(value: Any, values: Mapping[str, Any]) -> Origin:
    if isinstance(value, tuple):
        return InPlaceOrigin(patterns=value, format=values.get("format"))
    return InPlaceOrigin(patterns=value["files"], format=value.get("format"))


_MAKERS: Final[dict[str, Callable[[Any, Mapping[str, Any]], Origin]]] = {
    "files": _files,
    "postgres": lambda value, _: PostgresOrigin(**value),
    "api": _api,
    "python": _python,
    "tables_in": _in_place,
}


def _complete(value: Any) -> Completeness:
    return Completeness(**(value if isinstance(value, dict) else {"by": value}))


def _breach(value: Any) -> Breach:
    if isinstance(value, str):
        return Breach(action="hold" if value == "hold" else "quarantine")
    return Breach(group=value.get("quarantine", ()))


def _check(root: Located, values: Mapping[str, Any], files: Files) -> None:
    """What each key alone cannot tell."""
    for key in ("options", "format"):
        if key in root.mapping and not {"files", "tables_in"} & root.mapping.keys():
            place = root.mapping[key].key_place or root.place
            files.wrong("E126", f"`{key}` belongs to `files`", place, "remove it")
    postgres = root.get("postgres")
    if postgres is not None:
        given = [key for key in ("table", "query") if key in postgres.mapping]
        if len(given) != 1:
            code = "E126" if given else "E116"
            what = "a source reads either a `table` or a `query`"
            files.wrong(code, what, postgres.place, "give one of the two")
        issue = clear_password(postgres.get("url"))
        files.issues.extend([issue] if issue else [])
    function = values.get("python")
    text = function.get("function") if isinstance(function, dict) else function
    python = root.get("python")
    if python is not None and isinstance(text, str) and not _is_function(text):
        fix = "write `module:function`, such as `loaders.invoices:rows`"
        files.wrong("E117", f"`{text}` names no function", python.place, fix)
    complete = values.get("complete")
    if isinstance(complete, dict) and complete.get("by") == "marker" and "marker" not in complete:
        place = root.mapping["complete"].place
        files.wrong("E116", "missing key `marker`", place, "add `marker: done/{date}.ok`")
    api = root.get("api")
    if api is not None:
        files.issues.extend(_clear_tokens(api))


def _is_function(text: str) -> bool:
    module, colon, name = text.partition(":")
    parts = [*module.split("."), name]
    return bool(colon) and all(part.isidentifier() for part in parts)


_SECRET_KEYS: Final = frozenset(
    ("access_token", "api_key", "authorization", "client_secret", "password", "secret", "token")
)


def _clear_tokens(located: Located) -> list[Issue]:
    """E119 for each token that stands in an API's settings as it is."""
    found: list[Issue] = []
    for key, value in located.mapping.items():
        found += _clear_tokens(value)
        bare = isinstance(value.value, str) and "${" not in value.value
        if bare and (
            key.casefold() in _SECRET_KEYS or (key == "auth" and isinstance(value.value, str))
        ):
            fix = "write `${NAME}` and set NAME in the environment or in `.env`"
            what = "a secret is written in the file"
            found.append(Issue(code="E119", what=what, place=value.place, fix=fix))
    return found


#: What an editor is told.
SCHEMAS: Final[Declared] = {"sources": DescribedFiles(folder="sources", holds=(SOURCE,))}
