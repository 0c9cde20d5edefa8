"""Rules against the columns that are really there, before any row is read.

DuckDB itself says whether a rule's SQL binds: `probes` gives queries over an empty relation of the
right types, the caller executes them, and `explain_binding` turns DuckDB's complaint into an issue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from headwater.contracts.casting import same_type
from headwater.contracts.dataset import RuleResult, questions
from headwater.contracts.definition import Contract, DatasetRule, Metric, Rule, Severity
from headwater.contracts.quoting import quote
from headwater.contracts.relation import Relation
from headwater.errors import Issue, did_you_mean

_UNKNOWN_COLUMN = re.compile(r'[Cc]olumn(?: named)? "([^"]+)"')


def probes(rules: Iterable[Rule], types: Mapping[str, str]) -> tuple[tuple[Rule, str], ...]:
    """Each rule with a query that binds if and only if the rule does, over columns of these types.

    References and volume are left out: they need other relations.
    """
    listed = ", ".join(f"CAST(NULL AS {type_}) AS {quote(name)}" for name, type_ in types.items())
    empty = Relation.query(f"SELECT {listed} LIMIT 0")
    found = []
    for rule in rules:
        for question in questions((rule,), empty):
            sql = question.sql
            if isinstance(rule, DatasetRule) and rule.metric is Metric.AGGREGATE:
                # Beside a count, a bare column is an error, as it must be: it is no aggregate.
                sql = sql.replace("SELECT ", "SELECT count(*), ", 1)
            found.append((rule, sql))
    return tuple(found)


def explain_binding(rule: Rule, message: str, columns: Iterable[str]) -> Issue:
    """DuckDB's complaint about a probe as an issue at the rule's place."""
    first = message.partition("\n")[0].strip()
    match = _UNKNOWN_COLUMN.search(first)
    if match is not None and "not found" in first:
        known = list(columns)
        what = f"rule `{rule.name}`: unknown column `{match[1]}`"
        fix = did_you_mean(match[1], known, "known: " + ", ".join(known))
        return Issue(code="E605", what=what, place=rule.place, fix=fix)
    problem = re.sub(r"^\w+ Error: ", "", first)
    return Issue(code="E606", what=f"rule `{rule.name}`: {problem}", place=rule.place)


def column_results(contract: Contract, given: Mapping[str, str]) -> tuple[RuleResult, ...]:
    """What the delivered columns and types say against the promised ones.

    A required column that is missing is a breach. A missing optional one reads as NULL and is told;
    so is a column that nobody promised. `given` holds DuckDB types; text may become any type.
    """
    there = {name.casefold(): type_ for name, type_ in given.items()}
    found = []

    def add(name: str, severity: Severity, passed: bool, text: str) -> None:
        column = contract.column(name)
        found.append(
            RuleResult(
                rule=f"{name}.column",
                severity=severity,
                passed=passed,
                measured=None,
                failed_rows=0,
                text=text,
                place=column.place if column else contract.place,
            )
        )

    for column in contract.columns:
        if column.name.casefold() not in there:
            keyed = column.required or column.primary_key_position is not None
            severity = Severity.ERROR if keyed else Severity.WARNING
            add(column.name, severity, False, f"column `{column.physical_name}` is not delivered")
            continue
        delivered = there[column.name.casefold()]
        if column.type and delivered != "VARCHAR" and not same_type(delivered, column.type):
            text = f"{column.name} is delivered as {delivered} and read as {column.type}"
            add(column.name, Severity.WARNING, True, text)
    for name in given:
        if contract.column(name) is None and not name.startswith("_"):
            near = did_you_mean(name, [column.name for column in contract.columns])
            text = f"column `{name}` is delivered but not promised"
            add(name, Severity.WARNING, False, f"{text}; {near}" if near else text)
    return tuple(found)
