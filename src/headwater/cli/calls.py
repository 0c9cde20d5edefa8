"""What every command is told, and how every command ends.

A command is a function whose first argument is a `Call`; `command` gives it the common options,
prints issues instead of tracebacks, and turns Ctrl-C into one line and exit code 130.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from headwater.errors import HeadwaterError, Issue, Place

if TYPE_CHECKING:
    from headwater.cli.screen import Screen
    from headwater.project import Project

Folder = Annotated[
    str | None,
    typer.Option(
        "--project",
        metavar="DIR",
        help="The project; by default this folder or the nearest one above with headwater.yml.",
    ),
]
Profile = Annotated[
    str | None, typer.Option("--profile", metavar="NAME", help="Where it runs: a profile.")
]
Environment = Annotated[
    str, typer.Option("--env", metavar="NAME", help="Which environment is shown or built.")
]
Now = Annotated[
    str | None,
    typer.Option("--now", metavar="TIME", help="Count this moment as now, as in 2011-12-10T07:00."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

_COMMON: tuple[tuple[str, Any, Any], ...] = (
    ("project", Folder, None),
    ("profile", Profile, None),
    ("env", Environment, "prod"),
    ("now", Now, None),
    ("json", Json, False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The common options of one call."""

    project: str | None = None
    profile: str | None = None
    env: str = "prod"
    now: str | None = None
    json: bool = False

    @property
    def screen(self) -> Screen:
        """Where results are printed."""
        from headwater.cli.screen import Screen

        return Screen.out()

    @contextmanager
    def open(self) -> Iterator[Project]:
        """The project; Ctrl-C stops its engine, and nothing is half published."""
        from headwater.cli.stopping import stoppable
        from headwater.project import Project

        with (
            Project.open(self.project, env=self.env, profile=self.profile, now=self.now) as project,
            stoppable(project),
        ):
            yield project


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Give a function over a `Call` the common options, and every call a decent end."""
    signature = inspect.signature(function, eval_str=True)
    own = list(signature.parameters.values())[1:]
    common = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, kind, default in _COMMON
    ]
    named = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in own]

    @functools.wraps(function)
    def run(**given: Any) -> None:
        call = Call(**{name: given.pop(name) for name, _, _ in _COMMON})
        with ending(call):
            function(call, **given)

    run.__signature__ = inspect.Signature([*named, *common])  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in (*named, *common)}
    del run.__wrapped__
    return run


@contextmanager
def ending(call: Call) -> Iterator[None]:
    """Issues are printed and become exit codes; a mistake of the user is never a traceback."""
    try:
        yield
    except HeadwaterError as error:
        report(error, call)
        raise typer.Exit(error.exit_code) from None
    except KeyboardInterrupt:
        typer.echo("Stopped. What is published is as it was; run again to go on.", err=True)
        raise typer.Exit(130) from None
    except BrokenPipeError:
        raise
    except OSError as error:
        report(HeadwaterError(_unusable(error)), call)
        raise typer.Exit(1) from None


def report(error: HeadwaterError, call: Call) -> None:
    """Print the issues of an error: with `--json` as data, else on standard error."""
    from headwater.cli.screen import Screen
    from headwater.views.issues import print_issues, tally
    from headwater.views.summaries import issue_data

    if call.json:
        call.screen.data({"issues": [issue_data(issue) for issue in error.issues]})
        return
    with suppress(BrokenPipeError):
        screen = Screen.err()
        print_issues(error.issues, screen)
        if len(error.issues) > 1:
            screen.line(f"{tally(error.issues)}. Nothing was run.")


def _unusable(error: OSError) -> Issue:
    """A file or folder that the system does not let us use. Code E809."""
    return Issue(
        code="E809",
        what=f"cannot use a file or folder: {error.strerror or error}",
        place=Place(str(error.filename or "")),
        fix="`headwater debug` checks folders, space and permissions",
    )
