"""Packs of a project that has run: every number derives again, and nothing becomes markup."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from html.parser import HTMLParser

import pytest
from tests.integration.run.small import Small

from headwater.errors import HeadwaterError
from headwater.project.reporting.deriving import derive
from headwater.project.reporting.making import (
    build_pack,
    find_report,
    numbers_of,
    pack_files,
)
from headwater.project.reporting.pack import Pack, pack_json
from headwater.project.reporting.page import pack_html


class Reading(HTMLParser):
    """Where a page leads, and what it would run."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src", "srcset", "action", "xlink:href"):
                self.places.append(value or "")
            if name.startswith("on") or tag == "script":
                self.handlers.append(f"{tag} {name}")


@pytest.fixture(scope="module")
def pack(shop: Small) -> Pack:
    with shop.open() as project:
        return build_pack(project, find_report(project, "monthly"))


def test_every_number_of_a_sentence_derives_again_from_what_is_stored(
    shop: Small, pack: Pack
) -> None:
    stored = json.loads(pack_json(pack))
    assert len(stored["figures"]) > 40
    with shop.open() as project:
        numbers = numbers_of(project)
        for figure in stored["figures"]:
            assert derive(figure["source"], numbers) == Fraction(figure["value"]), figure


def test_every_number_of_a_sentence_has_a_source(pack: Pack) -> None:
    dates = re.compile(r"(\d{1,2} )?[A-Z][a-z]+ \d{4}|[Rr]elease \d+|alert\(1\)")
    for block in pack.blocks:
        for sentence in block.sentences:
            bare = "".join(part for part in sentence if isinstance(part, str))
            assert not re.search(r"\d", dates.sub("", bare)), bare


def test_what_it_says(pack: Pack) -> None:
    said = {b.facts.metric.name: " ".join(map(str, b.sentences)) for b in pack.blocks}
    assert "no country" in said["revenue"].casefold()
    assert "cannot be divided" in said["dearest"]
    assert pack.blocks[0].facts.misses_target
    assert pack.blocks[0].action == ("Look at deliveries first, then at returns.",)
    assert ("Off target", ("Revenue",)) in pack.summary


def test_the_page_fetches_nothing_and_names_become_no_markup(shop: Small, pack: Pack) -> None:
    with shop.open() as project:
        page = pack_html(pack, project.workspace.zone)
    assert "default-src 'none'" in page
    assert "<script" not in page
    assert "<img" not in page
    assert "<b>taken" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    reading = Reading()
    reading.feed(page)
    assert all(place.startswith("#") for place in reading.places), set(reading.places)
    assert not reading.handlers
    assert "@import" not in page
    assert "url(" not in page
    assert page.count("<h1") == 1
    assert '<html lang="en">' in page
    for index in range(len(pack.figures)):
        assert f'href="#n{index}"' in page
        assert f'id="n{index}"' in page


def test_the_pdf_is_accessible_and_takes_no_markup_from_names(shop: Small, pack: Pack) -> None:
    pytest.importorskip("typst")
    with shop.open() as project:
        contents = pack_files(pack, project)
    (pdf,) = (content for name, content in contents.items() if name.endswith(".pdf"))
    assert pdf.startswith(b"%PDF-")
    assert b"pdfuaid" in pdf
    assert len(contents) == 3


def test_the_same_release_makes_the_same_pack(shop: Small, pack: Pack) -> None:
    with shop.open() as project:
        again = build_pack(project, find_report(project, None))
        assert again.digest == pack.digest
        assert pack_html(again, project.workspace.zone) == pack_html(pack, project.workspace.zone)


def test_another_period_and_one_that_is_not_over(shop: Small) -> None:
    with shop.open() as project:
        report = find_report(project, "monthly")
        assert "Q4" not in build_pack(project, report, period="2023").subtitle
        running = build_pack(project, report, period="this month")
        said = " ".join(map(str, running.blocks[0].sentences))
        assert "1–9 March 2024" in said
        assert "equally many days" in said


def test_a_period_without_data_says_so(shop: Small) -> None:
    with shop.open() as project:
        pack = build_pack(project, find_report(project, "monthly"), period="2022-01")
        assert "data begin on" in str(pack.blocks[0].sentences)
        assert pack_html(pack, project.workspace.zone)


@pytest.mark.parametrize(("name", "fix"), [("monthy", "monthly"), ("x", "reports are: monthly")])
def test_an_unknown_report(shop: Small, name: str, fix: str) -> None:
    with shop.open() as project, pytest.raises(HeadwaterError, match=fix):
        find_report(project, name)


@pytest.mark.parametrize(
    ("text", "code", "fix"),
    [
        ("metrics: [revnue]", "E201", "revenue"),
        ("{metrics: [revenue], by: contry}", "E949", "country"),
    ],
)
def test_mistakes_that_the_graph_knows(shop: Small, text: str, code: str, fix: str) -> None:
    wrong = shop.root / "reports/wrong.yml"
    wrong.write_text(text)
    with shop.open() as project:
        issues = project.check()
    wrong.unlink()
    (issue,) = [each for each in issues if each.place.path == "reports/wrong.yml"]
    assert issue.code == code
    assert fix in issue.fix
    assert issue.place.line == 1


def test_parameters_choose_rows(shop: Small) -> None:
    chosen = shop.root / "reports/chosen.yml"
    chosen.write_text(
        "metrics: [revenue]\nwhere: country = :country\nparameters: {country: France}\n"
    )
    with shop.open() as project:
        report = find_report(project, "chosen")
        france = build_pack(project, report, period="2024-02")
        hostile = build_pack(project, report, period="2024-02", given={"country": "' or 1=1 --"})
        with pytest.raises(HeadwaterError, match="E952"):
            build_pack(project, report, given={"contry": "x"})
        numbers = numbers_of(project)
        for figure in france.figures:
            assert derive(figure.source, numbers) == figure.value
    chosen.unlink()
    assert france.name == "chosen-2024-02-France"
    assert france.subtitle == "February 2024 · country: France"
    assert france.blocks[0].facts.value
    assert not hostile.blocks[0].facts.value
