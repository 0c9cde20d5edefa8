"""The values of logged answers, computed again as any batch computes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from headwater.contracts.quoting import quote
from headwater.engines.protocol import InputRelation
from headwater.features.computing import add_features
from headwater.learning.model import InputColumn
from headwater.project.serving.asking import read_entities
from headwater.windows.model import Probes

if TYPE_CHECKING:
    import pyarrow as pa

    from headwater.project.serving.released import Released

_PROBES, _VALUES, _ROW, _AT = "parity probes", "parity values", "#row", "#at"
_GONE: Final = "the rows of their release are no longer kept"
_OTHER: Final = "their view's meaning cannot be made again"

#: View, digest of its meaning, release: of which a vector's part is.
Origin = tuple[str, str, int]


def recompute(
    origins: Sequence[Origin],
    rows: pa.Table,
    columns: Sequence[InputColumn],
    released: Callable[[int], Released],
) -> pa.Table | str:
    """The model's columns for the rows, in their order; or why they cannot be made."""
    import pyarrow as pa

    made: dict[tuple[str, str], pa.ChunkedArray] = {}
    given = [json.loads(text) for text in rows["request"].to_pylist()]
    for place, (name, digest, release) in enumerate(origins):
        at_release = released(release)
        view = at_release.online_view(name)
        if view.features.digest != digest:
            return _OTHER
        if not at_release.has_files(view.features):
            return _GONE
        wanted = [(c.name, c.view) for c in columns if c.view == name]
        probes = _probes(rows, place, given, view.features.request, dict(view.keys))
        with at_release.events(view.features) as session:
            session.bind_inputs([probes])
            asked = Probes(relation=_PROBES, keys=view.features.keys, at=_AT)
            add_features(
                session, view.features, asked, events=view.features.source,
                into=_VALUES, zone=at_release.workspace.zone,
            )  # fmt: skip
            listed = ", ".join(quote(each) for each, _ in wanted)
            values = session.fetch_arrow(
                f"SELECT {listed} FROM {quote(_VALUES)} ORDER BY {quote(_ROW)}"
            )
        made.update({(name, each): values[each] for each, _ in wanted})
    for column in columns:
        if not column.view:
            made["", column.name] = pa.chunked_array([_given(given, column.name, column.type)])
    return pa.table({column.name: made[column.view, column.name] for column in columns})


def _probes(
    rows: pa.Table,
    place: int,
    given: Sequence[Mapping[str, object]],
    request: Mapping[str, str],
    keys: Mapping[str, str],
) -> InputRelation:
    """The rows as probes of one view, with the values that were given."""
    import pyarrow as pa

    columns: dict[str, Any] = {
        _ROW: pa.array(range(rows.num_rows)),
        _AT: pa.array([views[place]["at"] for views in rows["views"].to_pylist()],
                      pa.timestamp("us", tz="UTC")),
    }  # fmt: skip
    for name in keys:
        columns[name] = rows["keys"].combine_chunks().field(name)
    for name, type in request.items():
        columns[name] = _given(given, name, type)
    schema = [(_ROW, "BIGINT"), (_AT, "TIMESTAMP WITH TIME ZONE")]
    return InputRelation(
        name=_PROBES,
        schema=(*schema, *keys.items(), *request.items()),
        rows=pa.table(columns),
    )


def _given(given: Sequence[Mapping[str, object]], name: str, type: str) -> pa.Array:
    """A value of every request, read as serving reads it."""
    import pyarrow as pa

    asked = read_entities((), {name: type}, [{name: each.get(name)} for each in given], {})
    return pa.array([each.values[name] for each in asked])
