"""`test`: unit tests, incremental against full, and rules over what is published."""

from __future__ import annotations

from typing import Annotated

import typer

from headwater.cli.calls import Call
from headwater.cli.selecting import Exclude, Nodes, Select


def run_tests(
    call: Call,
    nodes: Nodes = None,
    select: Select = None,
    exclude: Exclude = None,
    data: Annotated[
        bool, typer.Option("--data", help="Also the rules, over everything published.")
    ] = False,
    samples: Annotated[
        int, typer.Option("--samples", min=0, help="Intervals to prove incremental = full on.")
    ] = 3,
) -> None:
    """Run unit tests; prove that incremental equals full."""
    from headwater.project import testing
    from headwater.views.figures import count
    from headwater.views.plain import plain
    from headwater.views.testing import print_data, print_proofs, print_unit

    with call.open() as project:
        wanted, unwanted = (*(nodes or ()), *(select or ())), tuple(exclude or ())
        unit = testing.run_unit_tests(project, wanted, unwanted)
        proofs = (
            testing.prove_incremental(project, wanted, unwanted, samples=samples) if samples else ()
        )
        rules = testing.check_published(project, wanted, unwanted) if data else ()
        every = [
            *(each.passed for each in unit),
            *(each.passed for each in proofs),
            *(each.passed for each in rules),
        ]
        failed = every.count(False)
        if call.json:
            results = {"unit": plain(unit), "incremental": plain(proofs), "data": plain(rules)}
            call.screen.data({"passed": not failed, **results})
        else:
            print_unit(unit, call.screen)
            print_proofs(proofs, project.workspace.zone, call.screen)
            print_data(rules, call.screen)
            passed = count(len(every) - failed)
            call.screen.line(f"{passed} passed, {failed} failed" if every else "No tests.")
    raise typer.Exit(1 if failed else 0)
