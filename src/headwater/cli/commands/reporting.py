"""`report`: make a pack, write it, deliver it."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.cli.calls import Call


def report(
    call: Call,
    name: Annotated[
        str | None, typer.Argument(metavar="[REPORT]", help="Which; not needed if there is one.")
    ] = None,
    *,
    period: Annotated[
        str, typer.Option("--period", metavar="PERIOD", help="Another period than the report's.")
    ] = "",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the report."),
    ] = None,
    out: Annotated[
        str | None, typer.Option("--out", metavar="DIR", help="Where files go; `out` by default.")
    ] = None,
    deliver: Annotated[
        bool, typer.Option("--deliver", help="Deliver to the report's destinations.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Deliver also where this pack has been.")
    ] = False,
    list_: Annotated[bool, typer.Option("--list", help="List reports.")] = False,
) -> None:
    """Make the pack of a report as a page and a PDF, and deliver it."""
    from pathlib import Path

    from headwater.errors import HeadwaterError
    from headwater.project.reporting import delivering, making
    from headwater.project.reporting.pack import pack_data
    from headwater.views.plain import plain
    from headwater.views.reports import (
        print_deliveries,
        print_pack,
        print_reports,
        reports_data,
    )

    with call.open() as project:
        if list_:
            listed = making.list_reports(project)
            if call.json:
                call.screen.data(reports_data(listed))
            else:
                print_reports(listed, project.workspace.zone, call.screen)
            return
        definition = making.find_report(project, name, released=deliver)
        given = dict(_pair(each) for each in set_ or ())
        pack = making.build_pack(project, definition, period=period, given=given)
        contents = making.pack_files(pack, project)
        written: tuple[Path, ...] = ()
        if out is not None or not deliver:
            written = delivering.write_files(Path(out or "out"), contents)
        delivered, issues = (
            delivering.deliver(pack, contents, project.workspace, again=again)
            if deliver
            else ((), ())
        )
        if call.json:
            files = [str(path) for path in written]
            call.screen.data(pack_data(pack) | {"files": files, "delivered": plain(delivered)})
        else:
            print_pack(pack, written, call.screen)
            print_deliveries(delivered, call.screen)
            if not making.has_typst():
                call.screen.hint("`pip install 'headwater[report]'` sets the PDF, too")
        if issues:
            raise HeadwaterError(*issues)


def _pair(text: str) -> tuple[str, str]:
    from headwater.errors import Issue, UsageError

    name, equals, value = text.partition("=")
    if not equals:
        what = f"`{text}` is no parameter"
        raise UsageError(Issue(code="E952", what=what, fix="write `--set name=value`"))
    return name.strip(), value
