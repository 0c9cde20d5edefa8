"""The same project for each tool: trivial tables in chains of ten.

The first table of a chain makes a thousand rows, each further one adds 1 to the one before it, so
that what is measured is what a tool does around the SQL.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from measure import BUILD, Command
from peers.environments import environment, headwater_command, version

CHAIN_LENGTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainedTable:
    """A table that reads the one before it, or none."""

    name: str
    upstream: str | None

    def sql(self, reference: str = "{}") -> str:
        """Its query; `reference` is how the tool at hand writes the name of another table."""
        if self.upstream is None:
            return "select range as id, range * 2 as value from range(1000)\n"
        return f"select id + 1 as id, value from {reference.format(self.upstream)}\n"


def chained_tables(count: int) -> list[ChainedTable]:
    """`count` tables; sorted by name, each comes after the one that it reads."""
    names = [f"t{n // CHAIN_LENGTH:04d}_{n % CHAIN_LENGTH}" for n in range(count)]
    return [
        ChainedTable(name=name, upstream=names[n - 1] if n % CHAIN_LENGTH else None)
        for n, name in enumerate(names)
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """One tool on the chains: how its project is written, built, and built again."""

    name: str
    versions: tuple[str, ...]
    write: Callable[[Path, Sequence[ChainedTable]], None]
    cold: Command
    again: Command
    env: dict[str, str]
    between: Callable[[Path], None] = lambda _: None

    def project(self, folder: Path, count: int) -> Path:
        """A fresh project of `count` tables in `folder`."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        self.write(folder, chained_tables(count))
        return folder


def write_headwater(folder: Path, tables: Sequence[ChainedTable]) -> None:
    """A Headwater project; the bare loop reads its `tables/` too."""
    (folder / "headwater.yml").write_text("name: chains\ntimezone: UTC\n")
    (folder / "tables").mkdir()
    for table in tables:
        (folder / "tables" / f"{table.name}.sql").write_text(table.sql())


def write_dbt(folder: Path, tables: Sequence[ChainedTable]) -> None:
    """A dbt project that builds tables with as many threads as there are cores."""
    (folder / "dbt_project.yml").write_text(
        "name: chains\nversion: '1.0'\nprofile: chains\n"
        "models: {chains: {+materialized: table}}\n"
        "flags: {send_anonymous_usage_stats: false}\n"
    )
    (folder / "profiles.yml").write_text(
        "chains:\n  target: dev\n  outputs:\n"
        f"    dev: {{type: duckdb, path: chains.duckdb, threads: {os.cpu_count()}}}\n"
    )
    (folder / "models").mkdir()
    for table in tables:
        (folder / "models" / f"{table.name}.sql").write_text(table.sql("{{{{ ref('{}') }}}}"))


def keep_dbt_state(folder: Path) -> None:
    """What `state:modified` compares with: the manifest of the run before."""
    (folder / "state").mkdir(exist_ok=True)
    shutil.copy(folder / "target" / "manifest.json", folder / "state")


def write_sqlmesh(folder: Path, tables: Sequence[ChainedTable]) -> None:
    """A SQLMesh project of full models, state and data in one DuckDB file."""
    (folder / "config.yaml").write_text(
        "gateways: {local: {connection: {type: duckdb, database: chains.duckdb}}}\n"
        "default_gateway: local\n"
        "model_defaults: {dialect: duckdb, start: 2024-01-01}\n"
    )
    (folder / "models").mkdir()
    for table in tables:
        header = f"MODEL (name chain.{table.name}, kind FULL);\n\n"
        (folder / "models" / f"{table.name}.sql").write_text(header + table.sql("chain.{}"))


def _bare() -> Tool:
    programs = headwater_command().parent
    command: Command = [programs / "python", Path(__file__).with_name("bare.py"), "."]
    return Tool(
        name="bare duckdb",
        versions=(version(programs, "duckdb"),),
        write=write_headwater,
        cold=command,
        again=command,
        env={},
    )


def _headwater() -> Tool:
    command: Command = [headwater_command(), "run", "--project", "."]
    return Tool(
        name="headwater",
        versions=(version(headwater_command().parent, "headwater"),),
        write=write_headwater,
        cold=command,
        again=command,
        env={},
    )


def _dbt() -> Tool:
    programs = environment("dbt")
    command: Command = [programs / "dbt", "--no-version-check", "build", "--profiles-dir", "."]
    return Tool(
        name="dbt",
        versions=tuple(version(programs, name) for name in ("dbt-core", "dbt-duckdb", "duckdb")),
        write=write_dbt,
        cold=command,
        again=[*command, "--select", "state:modified", "--state", "state"],
        env={"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
        between=keep_dbt_state,
    )


def _sqlmesh() -> Tool:
    programs = environment("sqlmesh")
    return Tool(
        name="sqlmesh",
        versions=tuple(version(programs, name) for name in ("sqlmesh", "duckdb")),
        write=write_sqlmesh,
        cold=[programs / "sqlmesh", "plan", "--auto-apply", "--no-prompts"],
        again=[programs / "sqlmesh", "run"],
        env={"SQLMESH__DISABLE_ANONYMIZED_ANALYTICS": "1", "NO_COLOR": "1"},
    )


#: By the names that `--tools` takes; making one makes its environment.
TOOLS: dict[str, Callable[[], Tool]] = {
    "bare": _bare,
    "headwater": _headwater,
    "dbt": _dbt,
    "sqlmesh": _sqlmesh,
}


def folder_of(tool: str, count: int) -> Path:
    """Where a tool's project of `count` tables lies."""
    return BUILD / "chains" / f"{tool}-{count}"
