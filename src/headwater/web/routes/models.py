"""Models: the list, the card of each version, and how it does."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from headwater.stats.stability import ALARM, WARNING
from headwater.views.models.figures import ALGORITHMS, FIGURES, PERCENT, figure_text
from headwater.views.models.summary import summary_of, warnings_of
from headwater.web.context import NotThere
from headwater.web.model_page import draw_card, model_entries, model_entry, money_of, report_of
from headwater.web.monitoring_page import monitoring_view
from headwater.web.pages import render, snapshot_of

router = APIRouter(include_in_schema=False)

_CRUMBS = (("Models", "/models"),)


@router.get("/models")
def models(request: Request) -> Response:
    """All models, with the figures and the standing of what is published."""
    entries = model_entries(snapshot_of(request))
    return render(
        request, "models.html", title="Models", entries=entries, figure_text=figure_text,
        algorithms=ALGORITHMS,
    )  # fmt: skip


@router.get("/models/{name}")
def model(request: Request, name: str) -> Response:
    """The card of a model; of an older or failed version as `churn@3`."""
    bare, number = read_name(name)
    snapshot = snapshot_of(request)
    entry = model_entry(snapshot, bare)
    line = entry.line(number) if entry.lines or number is not None else None
    report = report_of(snapshot, entry.facts.node, line.number) if line is not None else None
    money = money_of(snapshot)
    above = _CRUMBS if number is None else (*_CRUMBS, (entry.title, f"/models/{bare}"))
    return render(
        request,
        "model.html",
        title=entry.title if number is None else f"{entry.title} @{number}",
        crumbs=above,
        entry=entry,
        line=line,
        report=report,
        charts=draw_card(report, money) if report is not None else None,
        summary=summary_of(report, money) if report is not None else ("", ""),
        warnings=warnings_of(report) if report is not None else (),
        money=money,
        figures=FIGURES,
        figure_text=figure_text,
        percent=PERCENT.text,
        algorithms=ALGORITHMS,
        definition=snapshot.bound.loaded.tree.files.get(entry.facts.path, ""),
    )


@router.get("/models/{name}/monitoring")
def monitoring(request: Request, name: str) -> Response:
    """How a model does where it is used."""
    snapshot = snapshot_of(request)
    entry = model_entry(snapshot, name)
    return render(
        request,
        "monitoring.html",
        title="Monitoring",
        crumbs=(*_CRUMBS, (entry.title, f"/models/{name}")),
        entry=entry,
        view=monitoring_view(snapshot, name),
        warning=WARNING,
        alarm=ALARM,
        figure_text=figure_text,
        percent=PERCENT.text,
    )


def read_name(name: str) -> tuple[str, int | None]:
    """A model, or one version of it, as an address names it. Code E974.

    >>> read_name("churn"), read_name("churn@3")
    (('churn', None), ('churn', 3))
    """
    bare, sign, number = name.partition("@")
    if not sign:
        return bare, None
    if not number.isascii() or not number.isdecimal() or len(number) > 9:
        raise NotThere(f"`{number[:20]}` is no version", f"write /models/{bare}@3")
    return bare, int(number)
