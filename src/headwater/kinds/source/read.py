"""Sources from `sources/*.yml` and `seeds/*.csv`, each with its contract from `contracts/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from headwater.contracts.definition import Contract
from headwater.definitions.loader import Files, ReadContext, Reading, name_of
from headwater.definitions.model import Described
from headwater.errors import Issue, Place, did_you_mean
from headwater.ids import NodeId
from headwater.kinds.source.definition import FilesOrigin, Freshness, SourceDefinition

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles

Contracts = tuple[Contract, ...]
_CONTRACT_SUFFIXES = (".odcs.yaml", ".odcs.yml")


@dataclass(frozen=True, slots=True)
class SourceReader:
    """Reads sources, seeds and contracts."""

    kind: str = "source"
    is_relation: bool = True

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""
        return {
            "sources": (".yml", ".yaml"),
            "seeds": (".csv", ".CSV"),
            "contracts": _CONTRACT_SUFFIXES,
        }

    def read(self, context: ReadContext) -> Reading:
        """All sources, each with the contract whose schema has its name."""
        issues: list[Issue] = []
        sources: list[SourceDefinition] = []
        for path in context.tree.under("sources"):
            if path.endswith((".yml", ".yaml")):
                source, found = context.parse((path,), _read_source, SourceDefinition)
                issues += found
                sources += [source] if source else []
        for path in context.tree.under("seeds"):
            if path.lower().endswith(".csv"):
                sources += _seed(path, context, issues)
        contracts = _contracts(context, issues)
        tied = tuple(_tie(source, contracts) for source in sources)
        names = {source.id.name.casefold(): source.id.name for source in sources}
        for contract in contracts.values():
            if contract.name.casefold() not in names:
                what = f"the contract `{contract.name}` is tied to no source"
                fix = did_you_mean(contract.name, names.values(), "`schema[].name` names a source")
                issues.append(Issue(code="W125", what=what, place=contract.place, fix=fix))
        return Reading(definitions=tied, issues=tuple(issues))

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files."""
        from headwater.kinds.source.keys import SCHEMAS

        return SCHEMAS


SOURCE_READER: Final = SourceReader()


def _read_source(files: Files) -> SourceDefinition | None:
    from headwater.kinds.source.keys import read_source

    return read_source(files)


def _read_contracts(files: Files) -> Contracts:
    from headwater.contracts.reading import read_contracts

    contracts, issues = read_contracts(files.path, files.text)
    files.issues.extend(issues)
    return contracts


def _seed(path: str, context: ReadContext, issues: list[Issue]) -> list[SourceDefinition]:
    """A CSV in `seeds/`: a source without time, replaced as a whole when it changes."""
    name = name_of(path, path[-4:], issues)
    if name is None:
        return []
    defaults = {key: value.plain() for key, value in context.defaults(path).items()}
    return [
        SourceDefinition(
            id=NodeId("source", name),
            place=Place(path),
            files=(path,),
            described=Described(owner=str(defaults.get("owner", ""))),
            origin=FilesOrigin(patterns=(path,), format="csv"),
            redelivery="replace",
        )
    ]


def _contracts(context: ReadContext, issues: list[Issue]) -> dict[str, Contract]:
    """Casefolded name → contract; two of one name are E121."""
    found: dict[str, Contract] = {}
    for path in context.tree.under("contracts"):
        if not path.endswith(_CONTRACT_SUFFIXES):
            continue
        contracts, mistakes = context.parse((path,), _read_contracts, Contracts)
        issues += mistakes
        for contract in contracts or ():
            first = found.setdefault(contract.name.casefold(), contract)
            if first is not contract:
                what = f"`{contract.name}` has a contract already, in {first.place}"
                fix = "one contract a source: raise its version instead"
                issues.append(Issue(code="E121", what=what, place=contract.place, fix=fix))
    return found


def _tie(source: SourceDefinition, contracts: Mapping[str, Contract]) -> SourceDefinition:
    """The source with its contract; a promised latency is its freshness where it declares none."""
    contract = contracts.get(source.id.name.casefold())
    if contract is None:
        return source
    freshness = source.freshness
    if freshness == Freshness() and contract.latency is not None:
        freshness = Freshness(error_after=contract.latency)
    files = (*source.files, contract.path)
    return replace(source, contract=contract, freshness=freshness, files=files)
