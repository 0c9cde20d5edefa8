"""The answer to a metric query: a result that shows itself with formats, changes, a sparkline."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headwater.api.html import HtmlPage
from headwater.api.result import Result
from headwater.project.metrics.arrow import answer_table
from headwater.views.answers import print_answer, sparkline
from headwater.views.layout import Cell

if TYPE_CHECKING:
    from headwater.semantics.asking import Answer
    from headwater.semantics.catalog import Catalog

_SHOWN_ROWS = 20


class AnswerResult(Result):
    """The rows of an answer, held as an Arrow table; `answer` says what they are."""

    def __init__(self, answer: Answer, catalog: Catalog) -> None:
        super().__init__(answer_table(answer), tuple(c.type for c in answer.columns))
        self.answer = answer
        self._catalog = catalog

    def __repr__(self) -> str:
        return self._page().text

    def _repr_html_(self) -> str:
        return self._page().html

    def _page(self) -> HtmlPage:
        page = HtmlPage()
        catalog = self._catalog
        print_answer(self.answer, catalog.metrics, catalog.calendar, page, _SHOWN_ROWS)
        if self.answer.query.grain is None or self.answer.query.by or len(self) < 3:
            return page
        for name in self.answer.query.metrics:
            values: list[Any] = [row[self.answer.index(name)] for row in self.answer.rows]
            page.line(Cell(f"{name} "), Cell(sparkline(values), "same"))
        return page
