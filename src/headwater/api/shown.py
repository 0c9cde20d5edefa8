"""Values of the project that show themselves: lines in a console, HTML in a notebook."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from headwater.api.html import HtmlPage
from headwater.views.page import Page

Value = TypeVar("Value")


class Shown(Generic[Value]):
    """A value with its view; attributes are the value's own.

    >>> Shown([1, 2], lambda page: page.line("two numbers"), {}).value
    [1, 2]
    >>> Shown([1, 2], lambda page: page.line("two numbers"), {})
    two numbers
    """

    def __init__(self, value: Value, view: Callable[[Page], None], data: Any) -> None:
        self.value = value
        page = HtmlPage()
        view(page)
        self._page = page
        self._data = data

    def __getattr__(self, name: str) -> Any:
        return getattr(self.value, name)

    def to_dict(self) -> Any:
        """The value as `--json` prints it."""
        return self._data

    def __repr__(self) -> str:
        return self._page.text

    def _repr_html_(self) -> str:
        return self._page.html
