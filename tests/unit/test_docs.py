"""The documentation keeps up with the code: codes, commands, keys, words, examples, links."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from headwater.contracts.reading import read_contracts
from headwater.contracts.rules import read_rules
from headwater.definitions.fields import Record
from headwater.definitions.headers import split_header
from headwater.definitions.loader import load
from headwater.definitions.settings import MAIL, PROFILE, SCHEDULES, SETTINGS, TEAM, read_settings
from headwater.definitions.tree import Tree
from headwater.definitions.yamltext import read_yaml
from headwater.errors import Issue
from headwater.kinds.dashboard.keys import DASHBOARD
from headwater.kinds.dashboard.keys import RECORDS as CARDS
from headwater.kinds.feature_view import keys as feature_keys
from headwater.kinds.label import keys as label_keys
from headwater.kinds.metric import keys as metric_keys
from headwater.kinds.model import keys as model_keys
from headwater.kinds.query import keys as query_keys
from headwater.kinds.query.read import QUERY_READER
from headwater.kinds.report.keys import REPORT
from headwater.kinds.source import keys as source_keys
from headwater.kinds.table import keys as table_keys
from headwater.sql.parameters import mentions, with_dollars

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "headwater"
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("examples/*/README.md")])
CODE = re.compile(r"\b[EW]\d{3}\b")


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    fence = re.compile(rf"^```{language}[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
    return fence.findall(text_of(page))


def every_block(language: str) -> list[Any]:
    return [
        pytest.param(block, id=f"{page.relative_to(ROOT)}:{number}")
        for page in PAGES
        for number, block in enumerate(blocks(page, language), 1)
    ]


# --- codes


@cache
def used_codes() -> frozenset[str]:
    """Codes that the source writes as text of its own."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        found |= set(re.findall(r"[\"']([EW]\d{3})[\"']", text_of(path)))
    return frozenset(found)


@cache
def documented_codes() -> dict[str, str]:
    """Code → its row of the table of codes."""
    rows = re.findall(
        r"^\| `([EW]\d{3})` \| (.+) \|$", text_of(REFERENCE / "errors.md"), re.MULTILINE
    )
    assert len(rows) == len({code for code, _ in rows}), "a code stands twice"
    return dict(rows)


def test_every_code_is_documented() -> None:
    assert sorted(used_codes() - set(documented_codes())) == []


def test_every_documented_code_is_used() -> None:
    assert sorted(set(documented_codes()) - used_codes()) == []


def test_pages_name_only_codes_that_exist() -> None:
    strange = {
        f"{page.relative_to(ROOT)}: {code}"
        for page in PAGES
        for code in CODE.findall(text_of(page))
        if code not in used_codes()
    }
    assert sorted(strange) == []


# --- commands


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its words, such as `release diff`."""
    from typer.main import get_command

    from headwater.cli.app import app

    def walk(words: str, node: Any) -> Iterator[tuple[str, Any]]:
        for name, child in getattr(node, "commands", {}).items():
            path = f"{words} {name}".strip()
            if not child.hidden:
                yield path, child
            yield from walk(path, child)

    yield from walk("", get_command(app))


def command_sections() -> dict[str, str]:
    """Command → its section of the page."""
    parts = re.split(
        r"^## `headwater ([a-z -]+?)`.*$", text_of(REFERENCE / "commands.md"), flags=re.MULTILINE
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))


COMMON = ("--project", "--profile", "--env", "--now", "--json", "--help")


def test_every_command_and_option_is_documented() -> None:
    sections = command_sections()
    missing: list[str] = []
    for words, node in commands():
        if getattr(node, "commands", None):
            continue
        if words not in sections:
            missing.append(words)
            continue
        for parameter in node.params:
            names = [n for n in parameter.opts if n.startswith("--")]
            missing += [
                f"{words} {name}"
                for name in names
                if name not in COMMON and f"`{name}" not in sections[words]
            ]
    assert missing == []


def test_every_documented_command_exists() -> None:
    assert sorted(set(command_sections()) - {words for words, _ in commands()}) == []


def test_common_options_are_documented() -> None:
    before = text_of(REFERENCE / "commands.md").partition("\n## `headwater")[0]
    assert [name for name in COMMON if f"`{name}" not in before] == []


# --- keys

RECORDS: dict[str, Mapping[str, Record]] = {
    "settings.md": {
        "settings": SETTINGS,
        "team": TEAM,
        "profile": PROFILE,
        "mail": MAIL,
        "schedule": SCHEDULES,
    },
    "source.md": {
        name: record
        for name, record in vars(source_keys).items()
        if isinstance(record, Record) and not name.startswith("_")
    },
    "metrics.md": {
        name: record
        for name, record in vars(metric_keys).items()
        if isinstance(record, Record) and not name.startswith("_")
    },
    "dashboards.md": {
        "dashboard": DASHBOARD,
        **{str(chart): keys for chart, keys in CARDS.items()},
    },
    "reports.md": {"report": REPORT},
    "feature-views.md": {
        "view": feature_keys.VIEW,
        "feature": feature_keys.FEATURE,
        "promise": feature_keys.PROMISE,
    },
    "labels.md": {"label": label_keys.LABEL, "observe": label_keys.OBSERVE},
    "models.md": {
        name: record
        for name, record in vars(model_keys).items()
        if isinstance(record, Record) and not name.startswith("_")
    },
    "queries.md": {"query": query_keys.QUERY, "parameter": query_keys.PARAMETER},
    "table.md": {
        name: record
        for name, record in vars(table_keys).items()
        if isinstance(record, Record) and not name.startswith("_")
    },
}


@pytest.mark.parametrize("page", RECORDS)
def test_every_key_is_documented(page: str) -> None:
    first_cells = re.findall(r"^\| ([^|]+) \|", text_of(REFERENCE / page), re.MULTILINE)
    documented = {name for cell in first_cells for name in re.findall(r"`([^`]+)`", cell)}
    missing = [
        f"{name}: {key.name}"
        for name, record in RECORDS[page].items()
        for key in record.keys
        if key.name not in documented
    ]
    assert missing == []


def test_every_setting_of_an_api_is_documented() -> None:
    from headwater.kinds.source.readers.api_settings import _KNOWN

    section = text_of(REFERENCE / "source.md").partition("### HTTP APIs")[2].partition("###")[0]
    assert [name for name in _KNOWN if f"`{name}`" not in section] == []


# --- words


def glossary() -> list[str]:
    return re.findall(r"^\| \*\*([^*]+)\*\* \|", text_of(ROOT / "GLOSSARY.md"), re.MULTILINE)


def test_glossary_has_the_words_of_the_design() -> None:
    words = [
        "project",
        "node",
        "kind",
        "graph",
        "fingerprint",
        "build",
        "state",
        "release",
        "environment",
        "contract",
        "rule",
        "restatement",
        "ledger",
        "lake",
        "step",
    ]
    wanted = [*words, "data interval", "data file", "input key"]
    assert [word for word in wanted if word not in glossary()] == []


def test_every_word_of_the_glossary_is_used() -> None:
    pages = [page for page in PAGES if page.name != "GLOSSARY.md"]
    everything = " ".join(" ".join(map(text_of, pages)).split()).casefold()
    assert [word for word in glossary() if word.casefold() not in everything] == []


# --- architecture


def test_architecture_draws_the_import_contracts() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers = next(c for c in contracts if c["id"] == "rooms")["layers"]
    wanted = [re.findall(r"\w+", layer) for layer in layers]
    picture = text_of(ROOT / "ARCHITECTURE.md").partition("<!-- rooms")[2].partition("```text")[2]
    lines = [
        re.split(r"  {2,}", line.strip())[0] for line in picture.partition("```")[0].splitlines()
    ]
    drawn = [re.findall(r"\w+", line) for line in lines if re.search(r"\w", line)]
    assert [sorted(row) for row in drawn] == [sorted(row) for row in wanted]


def test_rooms_that_are_drawn_as_there_are_there() -> None:
    picture = text_of(ROOT / "ARCHITECTURE.md").partition("```text")[2].partition("```")[0]
    rooms = [re.split(r"  {2,}", line.strip())[0] for line in picture.splitlines()]
    names = [name.strip() for row in rooms for name in row.split("·") if re.search(r"\w", name)]
    for name in names:
        there = any((SOURCE / bare).exists() for bare in (name, f"{name}.py"))
        assert there != name.startswith("("), name


def test_architecture_fits_on_two_pages() -> None:
    assert len(text_of(ROOT / "ARCHITECTURE.md").splitlines()) <= 130


# --- examples in pages


@pytest.mark.parametrize("block", every_block("yaml"))
def test_yaml_parses(block: str) -> None:
    assert list(yaml.safe_load_all(block))


@pytest.mark.parametrize("block", every_block("sql"))
def test_sql_parses(block: str) -> None:
    parameters = [each.name for each in mentions(block)]
    assert duckdb.extract_statements(with_dollars(block, parameters))


@pytest.mark.parametrize("block", every_block("python"))
def test_python_parses(block: str) -> None:
    assert ast.parse(block).body


def issues_of(record: Record, text: str) -> list[Issue]:
    located, issues = read_yaml("page.yml", text)
    assert located is not None
    record.read(located, issues)
    return issues


def test_queries_of_the_reference_are_queries() -> None:
    files = {f"queries/q{n}.sql": b for n, b in enumerate(blocks(REFERENCE / "queries.md", "sql"))}
    loaded = load(Tree.from_blobs({"headwater.yml": "name: page", **files}), [QUERY_READER])
    assert list(map(str, loaded.issues)) == []
    assert len(loaded.definitions) == len(files)


@pytest.mark.parametrize("block", blocks(REFERENCE / "source.md", "yaml"))
def test_sources_of_the_reference_are_sources(block: str) -> None:
    assert issues_of(source_keys.SOURCE, block) == []


def test_feature_views_of_the_reference_are_feature_views() -> None:
    (block,) = blocks(REFERENCE / "feature-views.md", "yaml")
    assert issues_of(feature_keys.VIEW, block) == []


@pytest.mark.parametrize("block", blocks(REFERENCE / "settings.md", "yaml"))
def test_settings_of_the_reference_are_settings(block: str) -> None:
    assert read_settings(block)[1] == []


@pytest.mark.parametrize("block", blocks(REFERENCE / "table.md", "sql"))
def test_headers_of_the_reference_are_headers(block: str) -> None:
    split, issues = split_header("page.sql", block)
    assert issues == []
    assert issues_of(table_keys.TABLE, split.header) == []


def test_contract_of_the_reference_is_a_contract() -> None:
    contracts, issues = read_contracts(
        "page.odcs.yaml", blocks(REFERENCE / "contract.md", "yaml")[0]
    )
    assert [issue for issue in issues if issue.is_error] == []
    assert [contract.name for contract in contracts] == ["invoices"]


def test_rules_of_the_reference_are_rules() -> None:
    located, _ = read_yaml("page.yml", blocks(REFERENCE / "contract.md", "yaml")[1])
    assert located is not None
    rules, issues = read_rules(located.mapping["rules"])
    assert issues == []
    assert len(rules) == len(located.mapping["rules"].items)


# --- links


def links(page: Path) -> list[str]:
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    return [
        target
        for target in re.findall(r"\]\(([^)\s]+)\)", prose)
        if not target.startswith(("http://", "https://", "mailto:"))
    ]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the hosts of git repositories make them."""
    titles = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", t.lower()).strip().replace(" ", "-") for t in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_pages_name_no_place_of_one_machine(page: Path) -> None:
    assert re.findall(r"(?:/home/|/root/|/work/|/Users/)\S+", text_of(page)) == []
