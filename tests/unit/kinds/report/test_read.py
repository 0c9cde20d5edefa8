"""Reports read from their files; every mistake told at its place."""

from __future__ import annotations

from textwrap import dedent

import pytest

from headwater.definitions.cache import ParseCache
from headwater.definitions.loader import ReadContext, Reading
from headwater.definitions.model import Mail, Settings
from headwater.definitions.tree import Tree
from headwater.errors import Place
from headwater.kinds.report.definition import Destination, ReportDefinition
from headwater.kinds.report.read import ReportReader, parameters_in

MONTHLY = """
    title: Monthly trading pack
    schedule: "0 7 1 * *"
    period: previous month
    compare: [previous, year_ago]
    metrics: [revenue, orders]
    include: [restatements, unusual, actions]
    deliver: [{folder: out/packs}, {email: board@shop.example}, {webhook: "${HOOK}"}]
"""


MAIL = Mail(url="smtps://mail.example", sender="reports@shop.example")


def reading(text: str, path: str = "reports/monthly.yml", mail: Mail | None = MAIL) -> Reading:
    tree = Tree({path: dedent(text).lstrip()})
    settings = Settings(name="shop", mail=mail)
    return ReportReader().read(ReadContext(tree, settings, ParseCache(None)))


def report(text: str) -> ReportDefinition:
    found = reading(text)
    assert found.issues == ()
    (definition,) = found.definitions
    assert isinstance(definition, ReportDefinition)
    return definition


def test_the_settled_example() -> None:
    found = report(MONTHLY)
    assert str(found.id) == "report.monthly"
    assert (found.title, found.schedule, found.period) == (
        "Monthly trading pack",
        "0 7 1 * *",
        "previous month",
    )
    assert found.metrics == ("revenue", "orders")
    assert [str(each) for each in found.deliver] == [
        "folder out/packs",
        "email board@shop.example",
        "webhook ${HOOK}",
    ]
    assert found.place_of("metric.orders") == Place("reports/monthly.yml", 5, 20)


def test_metrics_alone_are_enough() -> None:
    found = report("metrics: revenue")
    assert found.metrics == ("revenue",)
    assert found.title == "Monthly"
    assert found.period == "previous month"
    assert found.compare == ("previous", "year_ago")
    assert found.deliver == ()


def test_parameters_of_conditions() -> None:
    found = report(
        """
        metrics: [revenue]
        where: "country = :country and note <> ':none'"
        parameters: {country: France}
        """
    )
    assert found.parameters == {"country": "France"}
    assert parameters_in(found.where[0]) == ("country",)
    assert parameters_in("a::date > :since") == ("since",)


def test_several_addresses_of_one_delivery() -> None:
    found = report("{metrics: [revenue], deliver: {email: [a@x.example, '${BOARD}']}}")
    assert found.deliver == (
        Destination(
            sort="email",
            targets=("a@x.example", "${BOARD}"),
            place=found.deliver[0].place,
        ),
    )


@pytest.mark.parametrize(
    ("text", "code", "what"),
    [
        ("", "E104", "empty"),
        ("title: x", "E116", "missing key `metrics`"),
        ("metrics: []", "E115", "at least 1"),
        ("{metrics: [a], schedule: 0 7 1 *}", "E115", "schedule"),
        ("{metrics: [a], schedule: '61 7 1 * *'}", "E115", "schedule"),
        ("{metrics: [a], compare: [last_year]}", "E115", "year_ago"),
        ("{metrics: [a], include: [restatement]}", "E115", "restatements"),
        ("{metrics: [a], deliver: [{email: nobody}]}", "E946", "no mail address"),
        ("{metrics: [a], deliver: [{email: 'a@b.example\\nBcc: c@d.example'}]}", "E946", "no mail"),
        ("{metrics: [a], deliver: [{email: 'A <a@b.example>'}]}", "E946", "no mail address"),
        ("{metrics: [a], deliver: [{webhook: 'ftp://x.example'}]}", "E946", "no URL"),
        ("{metrics: [a], deliver: [{webhook: 'file:///etc/passwd'}]}", "E946", "no URL"),
        ("{metrics: [a], deliver: [{webhook: 'https://u:pw@x.example'}]}", "E119", "password"),
        ("{metrics: [a], deliver: [{folder: x, email: a@b.example}]}", "E115", "expected"),
        ("{metrics: [a], deliver: [{mail: a@b.example}]}", "E114", "unknown key `mail`"),
        ("{metrics: [a], recipients: x}", "E114", "unknown key `recipients`"),
        ("{metrics: [a], period: last moth}", "E807", "is no period"),
        ("{metrics: [a], period: 2011-11..2011-10}", "E807", "before it begins"),
        ("{metrics: [a, a]}", "E948", "`a` stands twice"),
        ("{metrics: [a], where: 'x = :y'}", "E947", "unknown parameter `:y`"),
        ("{metrics: [a], parameters: {y: 1}}", "E947", "nothing uses the parameter `y`"),
    ],
)
def test_mistakes(text: str, code: str, what: str) -> None:
    found = reading(text)
    assert found.definitions == ()
    (issue,) = found.issues
    assert issue.code == code
    assert what in issue.what + issue.fix
    assert issue.place.path == "reports/monthly.yml"


def test_a_name_that_names_no_node() -> None:
    (issue,) = reading("metrics: [a]", "reports/monthly pack.yml").issues
    assert issue.code == "E122"


def test_editors_are_told() -> None:
    (described,) = ReportReader().schemas().values()
    schema = described.schema({"metrics": ["revenue"]})
    assert schema["required"] == ["metrics"]
    assert set(schema["properties"]) >= {"schedule", "deliver", "include", "parameters"}


def test_mail_that_nothing_sends_is_told_before_it_is_due() -> None:
    found = reading(MONTHLY, mail=None)
    assert len(found.definitions) == 1
    (issue,) = found.issues
    assert (issue.code, issue.place) == ("W958", Place("reports/monthly.yml", 7, 40))
    assert issue.fix.startswith("add `mail:")
