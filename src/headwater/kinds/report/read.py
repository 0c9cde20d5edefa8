"""Reports from `reports/*.yml`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from headwater.definitions.fields import INVALID, take_described
from headwater.definitions.files import root_mapping
from headwater.definitions.loader import Files, ReadContext, Reading, name_of
from headwater.definitions.yamltext import Located
from headwater.errors import Issue, Place, UsageError, did_you_mean
from headwater.ids import NodeId
from headwater.kinds.report.definition import ReportDefinition
from headwater.semantics.periods import read_period

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles

_ENDINGS: Final = (".yml", ".yaml")
_ANY_DAY: Final = date(2020, 1, 1)  # whether a text is a period does not depend on the day
_TEXT_OR_PARAMETER: Final = re.compile(r"'(?:[^']|'')*'|(?<!:):([A-Za-z_]\w*)")


@dataclass(frozen=True, slots=True)
class ReportReader:
    """Reads reports."""

    kind: str = "report"
    is_relation: bool = False

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""
        return {"reports": _ENDINGS}

    def read(self, context: ReadContext) -> Reading:
        """All reports, and what is wrong with their files."""
        read = [
            context.parse((path,), read_report, ReportDefinition)
            for ending in _ENDINGS
            for path in context.paths("reports", ending)
        ]
        found = tuple(each for each, _ in read if each is not None)
        issues = [issue for _, noted in read for issue in noted]
        if context.settings.mail is None:
            issues += [issue for each in found for issue in _mail_to_nowhere(each)]
        return Reading(definitions=found, issues=tuple(issues))

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files."""
        from headwater.kinds.report.keys import SCHEMAS

        return SCHEMAS


REPORT_READER: Final = ReportReader()


def read_report(files: Files) -> ReportDefinition | None:
    """The report of one file; None where a mistake was noted."""
    from headwater.kinds.report.keys import REPORT

    name = name_of(files.path, files.path[files.path.rfind(".") :], files.issues)
    root = root_mapping(files, "give `metrics:`")
    if root is None:
        return None
    before = len(files.issues)
    values = REPORT.read(root, files.issues)
    if values is INVALID or name is None or len(files.issues) > before:
        return None
    _check_period(values, root, files)
    _check_parameters(values, root, files)
    _check_once(root, files)
    if len(files.issues) > before:
        return None
    if "schedule" in values and not values.get("deliver"):
        what = "it has a `schedule` and no `deliver`: it would be made, and reach nobody"
        files.wrong("W959", what, root.mapping["schedule"].place, "add `deliver: [{folder: out}]`")
    keys = ("audience", "schedule", "period", "compare", "metrics", "by", "where", "parameters",
            "include", "deliver")  # fmt: skip
    return ReportDefinition(
        id=NodeId("report", name),
        place=Place(files.path, 1),
        files=files.paths,
        described=take_described(values),
        places=dict(_places(root)),
        **{key: values[key] for key in keys if key in values},
    )


def _mail_to_nowhere(report: ReportDefinition) -> Iterator[Issue]:
    """W958 for each delivery by mail: E958 is what sending it would say."""
    for each in report.deliver:
        if each.sort == "email":
            what = "it goes by mail, and there is no mail server to send by"
            fix = 'add `mail: {url: "${SMTP_URL}", sender: reports@…}` to headwater.yml'
            yield Issue(code="W958", what=what, place=each.place, fix=fix)


def parameters_in(condition: str) -> tuple[str, ...]:
    """The parameters of a condition; what stands in quotes is text.

    >>> parameters_in("country = :country and note <> ':none' and day::date > :since")
    ('country', 'since')
    """
    return tuple(match[1] for match in _TEXT_OR_PARAMETER.finditer(condition) if match[1])


def substitute(condition: str, literals: Mapping[str, str]) -> str:
    """A condition with its parameters as SQL literals.

    >>> substitute("country = :country and note <> ':country'", {"country": "'France'"})
    "country = 'France' and note <> ':country'"
    """
    return _TEXT_OR_PARAMETER.sub(
        lambda match: literals[match[1]] if match[1] else match[0], condition
    )


def _check_period(values: Mapping[str, Any], root: Located, files: Files) -> None:
    """E807 for a period that nobody could mean."""
    located = root.get("period")
    if located is None:
        return
    try:
        read_period(values["period"], _ANY_DAY)
    except UsageError as error:
        files.issues.extend(replace(issue, place=located.place) for issue in error.issues)


def _check_parameters(values: Mapping[str, Any], root: Located, files: Files) -> None:
    """E947 for a parameter that is used and not declared, or declared and not used."""
    declared = values.get("parameters", {})
    used = {name for condition in values.get("where", ()) for name in parameters_in(condition)}
    places = dict(_places(root))
    for name in sorted(used - set(declared)):
        fix = did_you_mean(name, declared, f"add `{name}:` to `parameters:`")
        files.wrong("E947", f"unknown parameter `:{name}`", places["where"], fix)
    for name in declared:
        if name not in used:
            fix = f"use it as `:{name}` in `where:`, or remove it"
            files.wrong("E947", f"nothing uses the parameter `{name}`", places["parameters"], fix)


def _check_once(root: Located, files: Files) -> None:
    """E948 for a metric that stands twice."""
    seen: set[object] = set()
    metrics = root.get("metrics")
    for item in metrics.items if metrics is not None else ():
        if item.value in seen:
            files.wrong("E948", f"`{item.value}` stands twice", item.place, "keep one")
        seen.add(item.value)


def _places(root: Located) -> Iterator[tuple[str, Place]]:
    """Where each key stands, each metric, and each dimension."""
    for key, located in root.mapping.items():
        yield key, located.place
    for key, prefix in (("metrics", "metric."), ("by", "by.")):
        listed = root.get(key)
        for item in listed.items if listed is not None else ():
            yield f"{prefix}{item.value}", item.place
