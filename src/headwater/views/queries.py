"""Saved queries and their parameters, as lines and as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headwater.definitions.model import Definition
from headwater.kinds.query.definition import Parameter, QueryDefinition
from headwater.views.layout import Cell

if TYPE_CHECKING:
    from headwater.views.page import Page


def parameter_text(parameter: Parameter) -> str:
    """A parameter with its default: `since=2011-01-01`, `country=…`.

    >>> from headwater.errors import Place
    >>> parameter_text(Parameter(name="top", place=Place(), type="integer", default="20"))
    'top=20'
    """
    shown = "…" if parameter.default is None else parameter.default
    return f"{parameter.name}={shown}"


def print_parameters(definition: Definition, page: Page) -> None:
    """The parameters of a saved query, a line each; nothing for other nodes."""
    if not isinstance(definition, QueryDefinition) or not definition.parameters:
        return
    page.line(Cell("parameters", "strong"))
    page.rows(
        (
            each.name,
            Cell(each.type, "quiet"),
            "required" if each.required else each.default or Cell("null", "quiet"),
            Cell(each.choices_sql or ", ".join(each.choices), "quiet"),
            each.description,
        )
        for each in definition.parameters
    )


def query_data(query: QueryDefinition) -> dict[str, Any]:
    """A saved query for machines."""
    return {
        "name": query.id.name,
        "title": query.described.title,
        "description": query.described.description,
        "owner": query.described.owner,
        "tags": list(query.described.tags),
        "path": query.place.path,
        "parameters": [parameter_data(each) for each in query.parameters],
    }


def parameter_data(parameter: Parameter) -> dict[str, Any]:
    """A parameter for machines."""
    return {
        "name": parameter.name,
        "type": parameter.type,
        "default": parameter.default,
        "required": parameter.required,
        "choices": list(parameter.choices) or None,
        "description": parameter.description,
    }
