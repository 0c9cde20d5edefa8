"""Whatever stands in the files, loading gives issues and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from headwater.definitions.codec import codec_of
from headwater.definitions.loader import load
from headwater.definitions.tree import Tree
from headwater.ids import NodeId
from headwater.kinds.table.definition import ReadWindow, TableDefinition
from headwater.registry import KINDS

READERS = tuple(kind.reader for kind in KINDS)
FILES = {
    "headwater.yml": "name: shop\ntimezone: UTC\nteams: {data: {members: [ann]}}\n"
    "defaults: {tables: {owner: data}}\nprofiles: {x: {lake: a, threads: 2}}\n"
    "mail: {url: '${SMTP}', sender: a@b.example}\n",
    "sources/s.yml": "files: a.csv\ntime: at\non_breach: {quarantine: id}\n"
    "options: {delimiter: ;}\nchangelog: {key: id, latest_by: at}\nfreshness: {warn_after: 2d}\n",
    "sources/p.yml": "postgres: {url: '${DB}', table: t, overlap: 1h}\ncomplete: {by: time}\n",
    "sources/a.yml": "api: {base_url: u, resource: r, auth: '${T}'}\n",
    "tables/t.sql": "/*\nkey: [id]\ntime: at\nreads: {s: 2d before}\nrules: [id > 0]\n"
    "tests: {a: {given: {s: [{id: 1}]}, expect: []}}\nhistory: {key: id}\n*/\nselect id from s\n",
    "tables/t.test.yml": "a: {given: {s: [{id: 1}]}, expect: [{id: 1}]}\n",
    "tables/u.py": "@hw.table(key='id', reads={'t': '1d after'})\ndef u(t): ...\n",
    "functions/f.sql": "create macro f(x) as x + 1",
    "metrics/m.yml": "table: t\nowner: data\nbetter: higher\ndimensions: [a, u.b]\nmetrics:\n"
    "  m: {description: d, expr: sum(a), where: a > 0, target: {month: 2}, format: gbp2}\n"
    "  n: {description: d, expr: 'm / nullif(m, 1)'}\n"
    "  o: {description: d, type: cumulative, input_metric: m, window: 3d}\n"
    "  p: {description: d, type: retention, entity: u, period: month, start_event: first}\n"
    "  q: {description: d, type: conversion, base_metric: m, conversion_metric: n, entity: u,"
    " window: 7d}\n",
    "dashboards/d.yml": "title: D\nperiod: last 9 days\nfilters: [a]\nsections:\n- title: s\n"
    "  rows:\n  - kpi: [m, n]\n  - [{line: m, by: a}, {table: q, set: {top: 3}}]\n  - text: x\n"
    "  - vega: {mark: bar}\n    metrics: m\n",
    "queries/q.sql": "/*\ntitle: Q\nlimit: 3\ntimeout: 5s\nparameters:\n  top: 3\n"
    "  day: {type: date, default: 2024-02-29, choices: [2024-02-29]}\n*/\n"
    "select :top, :day from t\n",
    "reports/r.yml": "schedule: '0 7 1 * *'\nperiod: previous month\ncompare: [previous]\n"
    "metrics: [m, n]\nby: [a]\ninclude: [restatements]\nparameters: {c: x}\n"
    "where: a = :c\ndeliver: [{folder: out}, {email: a@b.example}, {webhook: 'https://x'}]\n",
    "contracts/s.odcs.yaml": "apiVersion: v3.1.0\nkind: DataContract\nid: s\nversion: 1.0.0\n"
    "status: active\nschema: [{name: s, properties: [{name: id, logicalType: integer}]}]\n",
}
PIECES = (
    "", ":", "[", "]", "{", "}", "- ", "\n", "*/", "/*", "'", '"', "~", "a: ", "&x ", "*x", "null",
    "\t", "1", "--", ";", "\0", "é", "!!str ", "<<: ", "(", "2d", "true", "\u2028", "$$",
)  # fmt: skip


def test_the_files_are_good() -> None:
    loaded = load(Tree.from_blobs(FILES), READERS)
    assert list(map(str, loaded.issues)) == []
    assert len(loaded.definitions) == 14


@settings(max_examples=100, deadline=None)
@given(
    path=st.sampled_from(sorted(FILES)),
    cut=st.tuples(st.floats(0, 1), st.floats(0, 0.3)),
    piece=st.sampled_from(PIECES) | st.text(max_size=6),
)
def test_damage_is_told_and_never_raised(path: str, cut: tuple[float, float], piece: str) -> None:
    text = FILES[path]
    start = round(cut[0] * len(text))
    end = start + round(cut[1] * len(text))
    damaged = text[:start] + piece + text[end:]
    loaded = load(Tree.from_blobs({**FILES, path: damaged}), READERS)
    assert all(issue.code and issue.what for issue in loaded.issues)
    for definition in loaded.definitions.values():  # what the cache would keep comes back equal
        codec = codec_of(type(definition))
        assert codec.read(json.loads(json.dumps(codec.write(definition)))) == definition


NAME = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True)
DAYS = st.integers(0, 400)
KEYS: st.SearchStrategy[Mapping[str, object]] = st.fixed_dictionaries(
    {},
    optional={
        "title": st.text(st.characters(codec="ascii", exclude_categories=["Cc"])).filter(
            lambda text: "*/" not in text and "/*" not in text
        ),
        "tags": st.lists(NAME, max_size=3),
        "time": NAME,
        "key": st.lists(NAME, min_size=1, max_size=3),
        "references": st.dictionaries(NAME, NAME, max_size=2),
        "reads": st.dictionaries(NAME, DAYS.map(lambda days: f"{days}d before"), max_size=2),
        "on_change": st.dictionaries(NAME, st.sampled_from(["keep", "restate"]), max_size=2),
        "late_limit": DAYS.map(lambda days: f"{days}d"),
        "pii": st.dictionaries(NAME, NAME, max_size=2),
    },
)


@settings(deadline=None)
@given(KEYS)
def test_what_a_header_says_is_what_the_definition_holds(keys: Mapping[str, object]) -> None:
    text = f"/*\n{json.dumps(keys)}\n*/\nselect 1 as id"
    loaded = load(Tree.from_blobs({"headwater.yml": "name: a", "tables/t.sql": text}), READERS)
    assert list(map(str, loaded.issues)) == []
    table = loaded.definitions[NodeId("table", "t")]
    assert isinstance(table, TableDefinition)
    held: dict[str, object] = {
        "title": table.described.title,
        "tags": list(table.described.tags),
        "time": table.time,
        "key": list(table.key),
        "references": table.references,
        "reads": table.reads,
        "on_change": table.on_change,
        "late_limit": table.late_limit,
        "pii": table.pii,
    }
    for key, value in keys.items():
        expected = value
        if isinstance(value, dict) and key == "reads":
            expected = {name: ReadWindow(before=_days(text)) for name, text in value.items()}
        if key == "late_limit":
            expected = _days(str(value))
        assert held[key] == expected


def _days(text: str) -> timedelta:
    return timedelta(days=int(text.partition("d")[0]))
