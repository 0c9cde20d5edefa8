"""Open Data Contract Standard documents as contracts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from headwater.clock import parse_duration
from headwater.contracts.columns import column_rules, read_column
from headwater.contracts.conditions import ExistsIn, Unique
from headwater.contracts.definition import (
    Contract,
    DatasetRule,
    Metric,
    Mode,
    RowRule,
    Rule,
    Severity,
)
from headwater.contracts.entries import Reading
from headwater.contracts.odcs import validate
from headwater.contracts.operators import Operator, Threshold
from headwater.contracts.quality import OLD_METRICS, read_quality
from headwater.definitions.yamltext import Located, read_yaml
from headwater.errors import Issue, Place, did_you_mean
from headwater.ids import digest

SUPPORTED: Final = ("v3.2.0", "v3.1.0", "v3.0.2", "v3.0.1", "v3.0.0")

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:[-+][0-9A-Za-z.+-]+)?\Z")
_LATENCY: Final = ("latency", "ly", "freshness", "fr")
#: The other properties of a service level that the standard names; they bind people.
_SLA: Final = (
    "availability", "av", "throughput", "th", "errorRate", "er", "generalAvailability", "ga",
    "endOfSupport", "es", "endOfLife", "el", "retention", "re", "frequency", "fy",
    "timeToDetect", "td", "timeToNotify", "tn", "timeToRepair", "tr", "timeOfAvailability",
)  # fmt: skip
_UNITS: Final = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), "s"),
    **dict.fromkeys(("m", "min", "minute", "minutes"), "min"),
    **dict.fromkeys(("h", "hr", "hour", "hours"), "h"),
    **dict.fromkeys(("d", "day", "days"), "d"),
    **dict.fromkeys(("w", "week", "weeks"), "w"),
    **dict.fromkeys(("mo", "month", "months"), "mo"),
    **dict.fromkeys(("y", "yr", "year", "years"), "y"),
}


def parse_version(text: str) -> tuple[int, int, int] | None:
    """Major, minor and patch of a semantic version, or None.

    >>> parse_version("1.10.0"), parse_version("1.0")
    ((1, 10, 0), None)
    """
    match = _VERSION.match(text)
    return (int(match[1]), int(match[2]), int(match[3])) if match else None


def read_contract(path: str, text: str) -> tuple[Contract | None, list[Issue]]:
    """The contract of a document's only (or first) schema object, and what is wrong."""
    contracts, issues = read_contracts(path, text)
    return (contracts[0] if contracts else None), issues


def read_contracts(path: str, text: str) -> tuple[tuple[Contract, ...], list[Issue]]:
    """One contract for each schema object of a document, and everything that is wrong with it.

    No contract is given where an issue is an error: half a contract would enforce half of it.
    """
    document, issues = read_yaml(path, text)
    if document is None:
        return (), issues or [
            Issue(code="E601", what="the contract is empty", place=Place(path, 1, 1))
        ]
    if not document.is_mapping:
        what = f"a contract is a mapping, not {document.describe()}"
        return (), [*issues, Issue(code="E601", what=what, place=document.place)]
    version = document.get("apiVersion")
    if version is not None and version.value not in SUPPORTED:
        what = f"apiVersion {version.describe()} is not supported"
        fix = did_you_mean(str(version.value), SUPPORTED, "one of " + ", ".join(SUPPORTED))
        return (), [*issues, Issue(code="E601", what=what, place=version.place, fix=fix)]
    document = _modernize(document)
    issues = [*issues, *validate(document)]
    if any(issue.is_error for issue in issues):
        return (), issues
    contracts, found = _read_document(path, document)
    issues += found
    ordered = sorted(issues, key=lambda issue: issue.place)
    return (() if any(issue.is_error for issue in issues) else contracts), ordered


def _modernize(node: Located) -> Located:
    """The document in the words of v3.1.0: `metric` was `rule`, with its values beside it."""
    if node.is_list:
        return replace(node, value=tuple(_modernize(item) for item in node.items))
    if not node.is_mapping:
        return node
    fresh = {key: _modernize(value) for key, value in node.mapping.items()}
    if "quality" in fresh:
        quality = fresh["quality"]
        fresh["quality"] = replace(quality, value=tuple(map(_modernize_rule, quality.items)))
    return replace(node, value=fresh)


def _modernize_rule(item: Located) -> Located:
    rule = item.get("rule")
    if rule is None or "metric" in item.mapping:
        return item
    fresh = {
        key: value for key, value in item.mapping.items() if key not in ("rule", "validValues")
    }
    name = str(rule.value)
    fresh["metric"] = replace(rule, value=OLD_METRICS.get(name, name))
    if "validValues" in item.mapping:
        fresh["arguments"] = Located({"validValues": item.mapping["validValues"]}, item.place)
    if not any(operator in fresh for operator in Operator):
        fresh["mustBe"] = Located(0, rule.place)
    return replace(item, value=fresh)


def _read_document(path: str, document: Located) -> tuple[tuple[Contract, ...], list[Issue]]:
    reading = Reading()
    version = document.mapping["version"]
    if parse_version(str(version.value)) is None:
        what = f"the version {version.describe()} is not of the form 1.2.3"
        reading.wrong("E604", what, version.place, "major.minor.patch, so that changes have a size")
    schema = document.get("schema")
    objects = schema.items if schema else ()
    if not objects:
        fix = "schema: [{name: …, properties: […]}]"
        reading.wrong("E604", "the contract has no schema", document.place, fix)
    for twin in _twins(objects):
        reading.wrong("E609", f"the schema object `{_name(twin)}` stands twice", twin.place)
    shared = Contract(
        id=str(document.mapping["id"].value),
        name="",
        version=str(version.value),
        columns=(),
        status=_text(document, "status"),
        owners=_owners(document.get("team")),
        compatibility=_mode(document, reading),
        path=path,
        place=document.place,
    )
    rest = {k: v.plain() for k, v in document.mapping.items() if k not in ("version", "schema")}
    contracts = []
    for node in objects:
        contract = replace(shared, text_fingerprint=digest(rest, node.plain()))
        contracts.append(_read_object(contract, node, document, reading, len(objects) == 1))
    return tuple(contracts), reading.issues


def _name(node: Located) -> str:
    return _text(node, "name")


def _text(node: Located, key: str) -> str:
    found = node.get(key)
    return "" if found is None or found.value is None else str(found.value)


def _twins(nodes: Sequence[Located]) -> Iterator[Located]:
    """Those whose name, in any case, an earlier one has."""
    seen: set[str] = set()
    for node in nodes:
        folded = _name(node).casefold()
        if folded in seen:
            yield node
        seen.add(folded)


def _owners(team: Located | None) -> tuple[str, ...]:
    """The team's name, then its members of role owner."""
    if team is None:
        return ()
    members = team.items if team.is_list else (team.get("members") or Located((), team.place)).items
    names = [] if team.is_list else [_name(team)]
    names += [_text(m, "username") for m in members if "owner" in _text(m, "role").casefold()]
    return tuple(dict.fromkeys(name for name in names if name))


def _mode(document: Located, reading: Reading) -> Mode:
    """The compatibility mode, from `customProperties: [{property: compatibility, value: FULL}]`."""
    properties = document.get("customProperties")
    for each in properties.items if properties else ():
        value = each.get("value")
        if _text(each, "property") != "compatibility" or value is None:
            continue
        if value.value in Mode.__members__:
            return Mode(str(value.value))
        fix = did_you_mean(str(value.value), Mode, "one of " + ", ".join(Mode))
        reading.wrong("E603", f"unknown compatibility {value.describe()}", value.place, fix)
    return Mode.BACKWARD


def _read_object(
    contract: Contract, node: Located, document: Located, reading: Reading, alone: bool
) -> Contract:
    """The contract of one schema object."""
    own = Reading()
    properties = node.get("properties")
    nodes = properties.items if properties else ()
    if not nodes:
        own.wrong("E604", f"`{_name(node)}` declares no columns", node.place, "properties: […]")
    for twin in _twins(nodes):
        own.wrong("E609", f"the column `{_name(twin)}` stands twice", twin.place)
    columns = tuple(read_column(each, own) for each in nodes)
    own.columns = columns
    rules: list[Rule] = []
    for each, column in zip(nodes, columns, strict=True):
        rules += column_rules(each, column, own)
        rules += _quality(each, column.name, own)
        rules += _references(each, column.name, own)
    keyed = replace(contract, name=_name(node), columns=columns)
    rules += _key_rules(keyed)
    rules += _quality(node, None, own)
    rules += _references(node, None, own)
    latency = _read_latency(keyed, document, own, alone)
    rules += [latency] if latency else []
    named = unique_names(rules, own)
    reading.issues += own.issues
    return replace(
        keyed,
        physical_name=_text(node, "physicalName") or _name(node),
        description=_text(node, "description"),
        row_rules=tuple(rule for rule in named if isinstance(rule, RowRule)),
        dataset_rules=tuple(rule for rule in named if isinstance(rule, DatasetRule)),
        latency=timedelta(seconds=latency.threshold.bounds[0]) if latency else None,
        latency_column=latency.columns[0] if latency and latency.columns else None,
        place=node.place,
    )


def _quality(node: Located, column: str | None, reading: Reading) -> Iterator[Rule]:
    quality = node.get("quality")
    for item in quality.items if quality else ():
        rule = read_quality(item, column, reading)
        if rule is not None:
            yield rule


def _key_rules(contract: Contract) -> Iterator[RowRule]:
    """The primary key as a unique rule; its columns are not null by their own rules."""
    key = contract.key
    if not key or any(c.unique for c in contract.columns if (c.name,) == key):
        return
    place = next(c.place for c in contract.columns if c.name == key[0])
    name = f"{key[0]}.primaryKey unique" if len(key) == 1 else f"primaryKey ({', '.join(key)})"
    yield RowRule(name=name, condition=Unique(columns=key), columns=key, place=place)


def _references(node: Located, column: str | None, reading: Reading) -> Iterator[RowRule]:
    """The foreign keys of a column, or of the object with `from` and `to`."""
    found = node.get("relationships")
    for each in found.items if found else ():
        to = each.mapping["to"]
        targets = [_reference(str(item.value)) for item in to]
        nodes = {name for name, _ in targets}
        source = each.get("from")
        names = [
            reading.known(replace(item, value=_reference(str(item.value))[1]))
            for item in (source or ())
        ]
        columns = (column,) if column else tuple(name for name in names if name)
        if len(columns) < len(names):
            continue
        if len(nodes) != 1 or len(columns) != len(targets):
            fix = "as many columns in `from` as in `to`, all of one object"
            reading.wrong("E604", "the relationship does not pair its columns", to.place, fix)
            continue
        target = nodes.pop()
        subject = columns[0] if len(columns) == 1 else f"({', '.join(columns)})"
        condition = ExistsIn(
            columns=columns, node=target, target_columns=tuple(name for _, name in targets)
        )
        yield RowRule(
            name=f"{subject} in {target}", condition=condition, columns=columns, place=each.place
        )


def _reference(text: str) -> tuple[str, str]:
    """Object and column of `customers.customer_id` or `schema/customers/properties/customer_id`."""
    if "/" in text:
        parts = [part for part in text.rpartition("#")[2].split("/") if part]
        return (parts[1], parts[-1]) if len(parts) >= 4 else (parts[0], parts[-1])
    node, _, column = text.rpartition(".")
    return node, column


def _read_latency(
    contract: Contract, document: Located, reading: Reading, alone: bool
) -> DatasetRule | None:
    """The latency (or freshness) that the service level promises for this object."""
    found = document.get("slaProperties")
    for item in found.items if found else ():
        node = item.mapping["property"]
        if node.value not in _LATENCY:
            if node.value not in _SLA:
                fix = did_you_mean(
                    str(node.value), (*_LATENCY, *_SLA), "Headwater checks `latency`"
                )
                reading.wrong("W610", f"{node.describe()} is not checked", node.place, fix)
            continue
        element = item.get("element") or document.get("slaDefaultElement")
        parts = (
            str(element.value).split(",")[0].strip().rpartition(".") if element else ("", "", "")
        )
        if (element is None and not alone) or parts[0] not in ("", contract.name):
            continue
        column = reading.known(replace(element, value=parts[2])) if element else None
        delay = _delay(item, reading)
        if delay is None or (element is not None and column is None):
            return None
        return DatasetRule(
            name=f"{column}.latency" if column else "latency",
            metric=Metric.LATENCY,
            threshold=Threshold(Operator.LESS_OR_EQUAL, (delay.total_seconds(),)),
            columns=(column,) if column else (),
            severity=Severity.ERROR,
            description=_text(item, "description"),
            place=item.place,
        )
    return None


def _delay(item: Located, reading: Reading) -> timedelta | None:
    """The promised delay: `value: 2, unit: d` or `value: 2d`."""
    value, unit = item.mapping["value"], item.get("unit")
    if isinstance(value.value, int | float) and not isinstance(value.value, bool):
        known = _UNITS.get(str(unit.value)) if unit else None
        if known is None:
            place = unit.place if unit else item.place
            what = f"unknown unit {unit.describe()}" if unit else "the latency has no unit"
            reading.wrong("E603", what, place, "unit: d (or s, min, h, w, mo, y)")
            return None
        return parse_duration(f"1{known}") * value.value
    try:
        return parse_duration(f"{value.value}{unit.value if unit else ''}")
    except ValueError as error:
        reading.wrong("E604", str(error), value.place)
        return None


def unique_names(rules: Sequence[Rule], reading: Reading) -> list[Rule]:
    """The rules with names of their own; the same rule written twice is an issue."""
    named: list[Rule] = []
    seen: dict[str, Rule] = {}
    for rule in rules:
        name = rule.name
        if name in seen and rule.meaning == seen[name].meaning:
            first = seen[name].place.line
            reading.wrong(
                "E609", f"the rule `{name}` stands twice", rule.place, f"see line {first}"
            )
            continue
        if name in seen and isinstance(rule, DatasetRule):
            name = f"{name} {rule.threshold}"
        count = 2
        while name in seen:
            name, count = f"{rule.name} {count}", count + 1
        seen[name] = rule
        named.append(rule if name == rule.name else replace(rule, name=name))
    return named
