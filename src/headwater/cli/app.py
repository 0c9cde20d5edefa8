"""All commands, in the groups of `headwater --help`."""

from __future__ import annotations

from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from headwater.cli.calls import command
from headwater.cli.commands import (
    building,
    care,
    challenging,
    contracts,
    docs,
    explaining,
    features,
    governing,
    keys,
    metrics,
    monitoring,
    online,
    project,
    published,
    pushing,
    releases,
    reporting,
    scheduling,
    serving,
    testing,
    upkeep,
    versions,
)

SECTIONS: Final = {
    "Begin": ("init", "debug", "check"),
    "Build": ("plan", "run", "retry", "test"),
    "Look": (
        "ls",
        "show",
        "versions",
        "query",
        "why",
        "features",
        "report",
        "sql",
        "trace",
        "freshness",
        "changes",
        "docs",
    ),
    "Serve": ("serve", "score", "online", "parity", "schedule", "monitor", "key"),
    "Contracts": ("contract", "quarantine"),
    "Release": ("release", "promote", "rollback", "challenge", "push", "approve"),
    "Care": ("compact", "vacuum", "completion"),
}


class Sections(TyperGroup):
    """A group whose help lists commands by what they are for."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one list a section."""
        del ctx
        width = max(map(len, self.commands))
        for title, names in SECTIONS.items():
            listed = [
                (name.ljust(width), self.commands[name].get_short_help_str(70))
                for name in names
                if name in self.commands
            ]
            if listed:
                with formatter.section(title):
                    formatter.write_dl(listed)


class Listing(TyperGroup):
    """A group that lists where no command of it is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments, `list` in front where they begin with an option or are none."""
        helps = {"--help", "-h"}
        if not args or (args[0].startswith("-") and helps.isdisjoint(args)):
            args = ["list", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=Sections,
    rich_markup_mode=None,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        import headwater

        typer.echo(f"headwater {headwater.__version__}")
        raise typer.Exit


@app.callback(
    epilog="`headwater COMMAND --help` says more. Exit codes: 0 done, 1 problems, 2 usage."
)
def headwater(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """One graph from the raw source to the decision, kept true."""


app.command("init")(project.init)
app.command("check")(command(project.check))
app.command("plan")(command(building.plan))
app.command("run")(command(building.run))
app.command("build", hidden=True)(command(building.build(building.run)))
app.command("retry")(command(building.retry))
app.command("ls")(command(published.ls))
app.command("show")(command(published.show))
app.command("versions")(command(versions.versions))
app.command("query")(command(metrics.query))
app.command("features")(command(features.features))
app.command("report")(command(reporting.report))
app.command("why")(command(explaining.why))
app.command("sql")(command(published.sql))
app.command("test")(command(testing.run_tests))
app.command("freshness")(command(upkeep.freshness))
app.command("compact")(command(upkeep.compact))
app.command("vacuum")(command(upkeep.vacuum))
app.command("docs")(command(docs.docs))
app.command("serve")(command(serving.serve))
app.command("schedule")(command(scheduling.schedule))
app.command("monitor")(command(monitoring.monitor))
app.command("score")(command(online.score))
app.command("parity")(command(online.parity))
app.command("trace")(command(releases.trace))
app.command("changes")(command(governing.changes))
app.command("approve")(command(governing.approve))
app.command("promote")(command(releases.promote))
app.command("rollback")(command(releases.rollback))
app.command("challenge")(command(challenging.challenge))
app.command("push")(command(pushing.push))
app.command("debug")(command(care.debug))
app.command("completion")(care.completion)

_release = typer.Typer(cls=Listing, help="List, show and compare releases.")
_release.command("list")(command(releases.release_list))
_release.command("diff")(command(releases.release_diff))
_release.command("show")(command(releases.release_show))
app.add_typer(_release, name="release")

_key = typer.Typer(cls=Listing, help="Make, list and revoke keys of programs that ask for scores.")
_key.command("create")(command(keys.create))
_key.command("list")(command(keys.listing))
_key.command("revoke")(command(keys.revoke))
app.add_typer(_key, name="key")

_online = typer.Typer(no_args_is_help=True, help="Fill the online store, and say how fresh it is.")
_online.command("sync")(command(online.sync))
_online.command("status")(command(online.status))
_online.command("drop")(command(online.drop))
app.add_typer(_online, name="online")

_contract = typer.Typer(no_args_is_help=True, help="Infer, compare and acknowledge contracts.")
_contract.command("infer")(command(contracts.infer))
_contract.command("diff")(command(contracts.diff))
_contract.command("ack")(command(contracts.ack))
app.add_typer(_contract, name="contract")

_quarantine = typer.Typer(
    cls=Listing, help="List, show, judge again and drop rows that broke a rule."
)
_quarantine.command("list")(command(contracts.waiting))
_quarantine.command("show")(command(contracts.show))
_quarantine.command("replay")(command(contracts.replay))
_quarantine.command("drop")(command(contracts.drop))
app.add_typer(_quarantine, name="quarantine")
