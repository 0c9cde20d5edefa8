"""dbt's templates, which mean nothing here: a message with the plain SQL to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from headwater.definitions.yamltext import Located
from headwater.errors import Issue

_TEMPLATE: Final = re.compile(r"\{\{\s*\w+\(\s*['\"](?P<name>[^'\"]+)['\"][^}]*\)[^}]*\}\}")


def template_issues(located: Located) -> Iterator[Issue]:
    """E921 for every `{{ Dimension('…') }}` below a value.

    >>> from headwater.errors import Place
    >>> text = "{{ Dimension('sale__country') }} = 'France'"
    >>> next(template_issues(Located(text, Place("metrics/a.yml", 1)))).fix
    "write plain SQL: `country = 'France'`; a column of another table has that table in front"
    """
    for value in (*located.mapping.values(), *(located.items if located.is_list else ())):
        yield from template_issues(value)
    text = located.value
    if not isinstance(text, str) or not ("{{" in text or "{%" in text):
        return
    plain = _TEMPLATE.sub(lambda match: match["name"].rpartition("__")[2], text).strip()
    fix = f"write plain SQL: `{plain}`; a column of another table has that table in front"
    if "{{" in plain or "{%" in plain:
        fix = "write plain SQL over the table's columns"
    what = "templates mean nothing here"
    yield Issue(code="E921", what=what, place=located.place, fix=fix)
