"""Sources from `sources/*.yml` and `seeds/*.csv`, each with its contract from `contracts/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from headwater.contracts.definition import Contract
from headwater.definitions.headers import position
from headwater.definitions.loader import Files, ReadContext, Reading, name_of
from headwater.definitions.model import Described
from headwater.errors import Issue, Place, did_you_mean
from headwater.ids import NodeId
from headwater.kinds.source.definition import FilesOrigin, Freshness, PythonOrigin, SourceDefinition

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
                if source is not None:
                    sources.append(_with_module(source, context, issues))
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


def _with_module(
    source: SourceDefinition, context: ReadContext, issues: list[Issue]
) -> SourceDefinition:
    """A Python source with the project's modules among its files; one that is missing is E117."""
    if not isinstance(source.origin, PythonOrigin) or ":" not in source.origin.function:
        return source
    from headwater.definitions.modules import module_path, names_in, project_imports

    tree, written = context.tree, source.origin.function
    module, _, function = written.partition(":")
    text = tree.files[source.files[0]]
    place = Place(source.files[0], *position(text, max(0, text.find(written))))
    path = module_path(tree, module)
    if path is None:
        top = module.partition(".")[0]
        if top in tree.folders or not top.isidentifier() or find_spec(top) is None:
            modules = [p.removesuffix(".py").replace("/", ".") for p in tree if p.endswith(".py")]
            fix = did_you_mean(module, modules, f"add `{module.replace('.', '/')}.py`")
            what = f"there is no module `{module}`"
            issues.append(Issue(code="E117", what=what, place=place, fix=fix))
        return source
    known = names_in(tree.files[path])
    if known is not None and function not in known:
        what = f"`{path}` has no function `{function}`"
        fix = did_you_mean(function, known, f"add `def {function}():`")
        issues.append(Issue(code="E117", what=what, place=place, fix=fix))
    return replace(source, files=(*source.files, path, *project_imports(tree, path)))


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
