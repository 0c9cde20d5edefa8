"""Which file belongs in which folder, and what to say where one lies in another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Protocol

from headwater.definitions.tree import FOLDERS, Tree
from headwater.errors import Issue, Place, did_you_mean

#: Folder → what it holds, as a message says it.
HOLDS: Final = {
    "contracts": "contracts (`.odcs.yaml`)",
    "dashboards": "dashboards",
    "features": "feature views",
    "functions": "SQL functions (`.sql`)",
    "labels": "prediction targets",
    "metrics": "metrics",
    "models": "trained models",
    "queries": "saved queries",
    "reports": "reports",
    "seeds": "small CSV files that are sources",
    "sources": "sources (`.yml`)",
    "tables": "tables (`.sql` or `.py`)",
}
_FUNCTIONS: Final = {"functions": (".sql",)}


class Owner(Protocol):
    """Whoever reads folders."""

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""


def misplaced(tree: Tree, owners: Iterable[Owner]) -> list[Issue]:
    """Files in the wrong folder (E120), and folders that nothing reads (W123)."""
    accepted: dict[str, tuple[str, ...]] = dict(_FUNCTIONS)
    for owner in owners:
        for folder, suffixes in owner.suffixes.items():
            accepted[folder] = (*accepted.get(folder, ()), *suffixes)
    issues = [_wrong_folder(path, "", accepted) for path in tree.strays if "/" not in path]
    for folder in tree.folders:
        suffixes = accepted.get(folder, ())
        paths = tree.under(folder)
        if suffixes:
            wrong = (path for path in paths if not path.endswith((*suffixes, ".py")))
            issues += [_wrong_folder(path, folder, accepted) for path in wrong]
        elif folder in FOLDERS:
            issues += _unread(folder, paths, accepted)
    issues += _strays(tree.strays, accepted)
    return issues


def _wrong_folder(path: str, folder: str, accepted: Mapping[str, Sequence[str]]) -> Issue:
    """A file of a kind that lives elsewhere."""
    if path.endswith(".sql"):
        parts = ["SQL tables live in `tables/`"]
    elif path.endswith((".odcs.yaml", ".odcs.yml")):
        parts = ["contracts live in `contracts/` and end in `.odcs.yaml`"]
    elif folder == "contracts":
        parts = ["name it `….odcs.yaml`, so that editors know the standard"]
    else:
        parts = [f"`{folder}/` takes {', '.join(f'`{s}`' for s in accepted.get(folder, ()))}"]
    if folder in HOLDS and path.endswith(".sql"):
        parts.append(f"`{folder}/` holds {HOLDS[folder]}")
    return Issue(code="E120", what="wrong folder", place=Place(path), fix="; ".join(parts))


def _unread(
    folder: str, paths: Sequence[str], accepted: Mapping[str, Sequence[str]]
) -> list[Issue]:
    """A folder of a kind that is not there: SQL in it is misplaced, the rest is not read."""
    own = (".yml", ".yaml", ".sql") if folder == "queries" else (".yml", ".yaml")
    other = [p for p in paths if p.endswith(own)]
    foreign = (p for p in paths if p.endswith(".sql") and p not in other)
    issues = [_wrong_folder(path, folder, accepted) for path in foreign]
    if other:
        what = f"nothing reads `{folder}/` in this version ({len(other)} files)"
        issues.append(Issue(code="W123", what=what, place=Place(other[0])))
    return issues


def _strays(strays: Sequence[str], accepted: Mapping[str, Sequence[str]]) -> list[Issue]:
    """One warning for each foreign folder that holds SQL, or whose name is nearly a known one.

    YAML alone, under `ci/` or `deploy/`, is another tool's.
    """
    by_folder: dict[str, list[str]] = {}
    for path in strays:
        folder, slash, _ = path.partition("/")
        if slash:
            by_folder.setdefault(folder, []).append(path)
    listed = f"folders are: {', '.join(f'`{folder}/`' for folder in accepted)}"
    return [
        Issue(
            code="W123",
            what=f"nothing reads `{folder}/` ({len(paths)} YAML or SQL files)",
            place=Place(paths[0]),
            fix=did_you_mean(folder, accepted, otherwise=listed),
        )
        for folder, paths in by_folder.items()
        if did_you_mean(folder, accepted) or any(path.endswith(".sql") for path in paths)
    ]
