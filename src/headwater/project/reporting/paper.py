"""A pack as an accessible PDF (PDF/UA-1): text and pictures are handed to typst as data."""

from __future__ import annotations

import json
from datetime import UTC
from importlib.resources import files
from typing import Any, Final
from zoneinfo import ZoneInfo

from headwater.charts.model import Chart, Heatmap
from headwater.charts.render import svg
from headwater.charts.sentences import summary
from headwater.charts.text import FONT, clean
from headwater.charts.theme import LIGHT
from headwater.errors import HeadwaterError, Issue, UsageError
from headwater.project.reporting.figures import plain_text
from headwater.project.reporting.pack import Block, Pack
from headwater.project.reporting.page import about, bases_of, change_words, heads_of, value_text
from headwater.semantics.spans import span_words

_WIDTH: Final = 400.0
_WIDE: Final = 720.0
#: typst takes the first of these that the machine has; a browser's list begins with `system-ui`.
_FONT: Final = "Inter,Roboto,'Noto Sans','Liberation Sans','DejaVu Sans',sans-serif"


def pack_pdf(pack: Pack, zone: ZoneInfo) -> bytes:
    """The whole document. Codes E953 (typst is not installed), E954 (it refuses)."""
    try:
        import typst
    except ImportError:
        what = "PDFs are set by `typst`, which is not installed"
        fix = "pip install 'headwater[report]'"
        raise UsageError(Issue(code="E953", what=what, fix=fix)) from None
    template = files("headwater.project.reporting").joinpath("pack.typ").read_bytes()
    data, pictures = _content(pack, zone)
    text = json.dumps(data, ensure_ascii=False).encode()
    # Its annotations leave out that files can be handed over by name.
    sources: Any = {"main.typ": template, "pack.json": text, **pictures}
    try:
        found = typst.compile(
            sources,
            format="pdf",
            pdf_standards=["ua-1"],
            timestamp=pack.made_at.astimezone(UTC),
        )
    except typst.TypstError as error:
        what = f"the PDF of {pack.report.id} could not be set: {error.message}"
        fix = "the page is complete; tell us, with the report's JSON"
        raise HeadwaterError(Issue(code="E954", what=what, fix=fix)) from error
    assert isinstance(found, bytes)
    return found


class _Pictures:
    """The charts of a document by file name."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def add(self, chart: Chart, width: float, height: float | None = None) -> dict[str, str]:
        name = f"chart-{len(self.files)}.svg"
        drawn = svg(chart, width=width, height=height, theme=LIGHT)
        self.files[name] = drawn.replace(FONT, _FONT).encode()
        return {"file": name, "alt": summary(chart), "title": clean(chart.title)}


def _content(pack: Pack, zone: ZoneInfo) -> tuple[dict[str, Any], dict[str, bytes]]:
    pictures = _Pictures()
    bases = bases_of(pack)
    content = {
        "title": clean(pack.title),
        "subtitle": clean(pack.subtitle),
        "project": clean(pack.project),
        "language": pack.language,
        "author": clean(pack.report.described.owner or pack.project or "Headwater"),
        "about": clean(" · ".join(about(pack, zone))),
        "summary": [{"word": word, "titles": clean(", ".join(t))} for word, t in pack.summary],
        "heads": list(heads_of(pack)),
        "metrics": [_metric(block, len(bases), pictures) for block in pack.blocks],
    }
    return content, pictures.files


def _metric(block: Block, bases: int, pictures: _Pictures) -> dict[str, Any]:
    facts = block.facts
    changes = [change_words(each) for each in facts.compared]
    shown = [{"text": clean(text), "judged": judged} for text, judged, _ in changes]
    missing = [{"text": "–", "judged": "neutral"}] * (bases - len(shown))
    return {
        "title": clean(block.title),
        "value": value_text(block),
        "what": clean(facts.metric.description),
        "owner": clean(facts.metric.owner),
        "changes": [*shown, *missing],
        "bases": [span_words(each.why.spans.base) for each in facts.compared],
        "spark": pictures.add(block.spark, 112, 28) if block.spark is not None else None,
        "sentences": [clean(plain_text(sentence)) for sentence in block.sentences],
        "action": clean(plain_text(block.action)) if block.action is not None else "",
        "wide": any(isinstance(chart, Heatmap) for chart in block.charts),
        "charts": [
            pictures.add(chart, _WIDE if isinstance(chart, Heatmap) else _WIDTH)
            for chart in block.charts
        ],
    }
