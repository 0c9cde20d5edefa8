"""Files → definitions and issues: every mistake of every file at once.

A kind reads its own folders through a `KindReader`; this module knows no kind. What one file (with
the files beside it) means is kept in the parse cache; what needs several definitions, such as two
of one name, is looked at afresh.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from headwater.definitions.cache import ParseCache
from headwater.definitions.codec import Codec, codec_of, shape_of
from headwater.definitions.folders import misplaced
from headwater.definitions.functions import SqlFunction, read_function
from headwater.definitions.model import Definition, Settings
from headwater.definitions.tree import SETTINGS_FILE, Tree
from headwater.errors import Issue, Place, did_you_mean
from headwater.ids import NodeId, is_name

if TYPE_CHECKING:
    from headwater.definitions.schemas import DescribedFiles
    from headwater.definitions.yamltext import Located

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Files:
    """What reading one definition may see, and where it notes mistakes."""

    paths: tuple[str, ...]  # the main file first
    texts: Mapping[str, str]
    defaults: Mapping[str, Located]  # keys for files of this folder, from `headwater.yml`
    issues: list[Issue] = field(default_factory=list)

    @property
    def path(self) -> str:
        """The main file."""
        return self.paths[0]

    @property
    def text(self) -> str:
        """The main file's text."""
        return self.texts[self.path]

    def wrong(self, code: str, what: str, place: Place, fix: str = "") -> None:
        """Note a mistake and go on."""
        self.issues.append(Issue(code=code, what=what, place=place, fix=fix))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a kind read from its folders."""

    definitions: tuple[Definition, ...] = ()
    issues: tuple[Issue, ...] = ()


class KindReader(Protocol):
    """One kind's way from files to definitions."""

    @property
    def kind(self) -> str:
        """The kind, as in `table`."""

    @property
    def suffixes(self) -> Mapping[str, tuple[str, ...]]:
        """Folder → the endings of the files that it may hold."""

    @property
    def is_relation(self) -> bool:
        """Whether its names are used in SQL, so that it shares them with other such kinds."""

    def read(self, context: ReadContext) -> Reading:
        """All definitions of the kind, and what is wrong with its files."""

    def schemas(self) -> Mapping[str, DescribedFiles]:
        """What editors are told of its files (see `schemas`)."""


@dataclass(frozen=True)
class ReadContext:
    """The project's files, as a kind sees them."""

    tree: Tree
    settings: Settings
    cache: ParseCache
    #: What the kinds before this one have read.
    definitions: Mapping[NodeId, Definition] = field(default_factory=dict)

    def paths(self, folder: str, suffix: str) -> tuple[str, ...]:
        """The files of a folder with an ending, in order."""
        return tuple(path for path in self.tree.under(folder) if path.endswith(suffix))

    def parse(
        self, paths: tuple[str, ...], read: Callable[[Files], Found | None], form: Any
    ) -> tuple[Found | None, tuple[Issue, ...]]:
        """What `read` makes of one definition's files; see `parse_all`."""

        def read_each(files: Sequence[Files]) -> list[Found | None]:
            return [read(each) for each in files]

        return self.parse_all([paths], read_each, form, _full_name(read))[0]

    def parse_all(
        self,
        groups: Sequence[tuple[str, ...]],
        read: Callable[[Sequence[Files]], Sequence[Found | None]],
        form: Any,
        name: str = "",
    ) -> list[tuple[Found | None, tuple[Issue, ...]]]:
        """What `read` makes of each group of files, in order.

        Groups come from the cache where their files, their defaults and the code are unchanged;
        `read` gets the others at once. `form` is the annotation of what comes back (see `codec`).
        """
        form_codec, issue_codec = codec_of(form), codec_of(tuple[Issue, ...])
        results: list[tuple[Found | None, tuple[Issue, ...]] | None] = []
        missing: list[tuple[int, str, Files]] = []
        reading = f"{name or _full_name(read)} {shape_of(form)}"
        for index, paths in enumerate(groups):
            key = self.cache.key(reading, self._salt(paths[0]), *self._seen(paths))
            kept = self._kept(key, form_codec, issue_codec)
            results.append(kept)
            if kept is None:
                texts = {path: self.tree.files[path] for path in paths}
                missing.append((index, key, Files(paths, texts, self.defaults(paths[0]))))
        if missing:
            found = read([files for _, _, files in missing])
            for (index, key, files), each in zip(missing, found, strict=True):
                issues = tuple(files.issues)
                results[index] = (each, issues)
                if not any(issue.code == "E119" for issue in issues):  # no secret is copied
                    written = None if each is None else form_codec.write(each)
                    self.cache.put(key, [written, issue_codec.write(issues)])
        return [result for result in results if result is not None]

    def _seen(self, paths: tuple[str, ...]) -> list[str]:
        hashes = self.tree.hashes
        return [part for path in paths for part in (path, hashes[path])]

    def _kept(self, key: str, form: Codec, issues: Codec) -> tuple[Any, tuple[Issue, ...]] | None:
        row = self.cache.get(key)
        if row is None:
            return None
        try:
            return None if row[0] is None else form.read(row[0]), issues.read(row[1])
        except (TypeError, ValueError, LookupError, AttributeError):
            return None  # a damaged row: read anew

    def defaults(self, path: str) -> Mapping[str, Located]:
        """The keys that `headwater.yml` gives to a file; of two folders the longer one wins."""
        keys: dict[str, Located] = {}
        for folder in sorted(self._folder_defaults, key=len):
            if path.startswith(f"{folder}/"):
                keys.update(self._folder_defaults[folder])
        return keys

    def _salt(self, path: str) -> str:
        """The defaults that a file gets, as text."""
        if not self.settings.defaults:
            return ""
        own = [f for f in self.settings.defaults if path.startswith(f"{f.strip('/')}/")]
        return repr([(f, self.settings.defaults[f]) for f in sorted(own)])

    @cached_property
    def _folder_defaults(self) -> Mapping[str, Mapping[str, Located]]:
        if not self.settings.defaults:
            return {}
        from headwater.definitions.settings import read_defaults

        return read_defaults(self.tree.files[SETTINGS_FILE])


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A project's definitions, and everything that is wrong with its files."""

    tree: Tree
    settings: Settings
    definitions: Mapping[NodeId, Definition]
    functions: tuple[SqlFunction, ...] = ()
    issues: tuple[Issue, ...] = ()


def load(tree: Tree, readers: Sequence[KindReader], cache_path: Path | None = None) -> Loaded:
    """Read every definition of a tree; `cache_path` names the parse cache, None goes without."""
    cache = ParseCache(cache_path)
    settings, settings_issues = _settings(tree, cache)
    issues = [*tree.issues, *settings_issues, *misplaced(tree, readers)]
    definitions: dict[NodeId, Definition] = {}
    context = ReadContext(tree, settings, cache, definitions)
    functions: list[SqlFunction] = []
    for path in context.paths("functions", ".sql"):
        function, found = context.parse((path,), read_function, SqlFunction)
        issues += found
        if function is not None:
            functions.append(function)
    named: dict[tuple[str, str], Definition] = {}
    relations = {reader.kind for reader in readers if reader.is_relation}
    for reader in readers:
        reading = reader.read(context)
        issues += reading.issues
        for definition in reading.definitions:
            kind = definition.id.kind  # a model's file also defines its scores, which SQL can read
            space = "relation" if kind in relations else kind
            first = named.setdefault((space, definition.id.name.casefold()), definition)
            if first is definition:
                definitions[definition.id] = definition
            else:
                issues.append(_same_name(first, definition))
    issues += _unknown_owners(tree, settings, definitions.values())
    cache.save()
    return Loaded(
        tree=tree,
        settings=settings,
        definitions=definitions,
        functions=tuple(functions),
        issues=tuple(sorted(dict.fromkeys(issues), key=lambda issue: (issue.place, issue.code))),
    )


def _settings(tree: Tree, cache: ParseCache) -> tuple[Settings, tuple[Issue, ...]]:
    """The settings, from the cache where `headwater.yml` is unchanged and had no mistakes."""
    codec = codec_of(Settings)
    key = cache.key("settings", shape_of(Settings), tree.hashes.get(SETTINGS_FILE, ""))
    kept = cache.get(key)
    if kept is not None:
        try:
            return codec.read(kept), ()
        except (TypeError, ValueError, LookupError, AttributeError):
            pass  # a damaged row: read anew
    from headwater.definitions.settings import read_settings

    settings, issues = read_settings(tree.files.get(SETTINGS_FILE))
    if not issues:
        cache.put(key, codec.write(settings))
    return settings, tuple(issues)


def _full_name(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def name_of(path: str, suffix: str, issues: list[Issue]) -> str | None:
    """The name that a path gives to its node; None and E122 where it cannot be one."""
    name = path.rpartition("/")[2].removesuffix(suffix)
    if is_name(name):
        return name
    better = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_")
    better = f"_{better}" if better[:1].isdigit() else better
    fix = f"rename the file to `{better}{suffix}`" if better else "rename the file"
    what = f"`{name}` cannot name a node: letters, digits and underscores, no digit first"
    issues.append(Issue(code="E122", what=what, place=Place(path), fix=fix))
    return None


def _same_name(first: Definition, second: Definition) -> Issue:
    kinds = {first.id.kind, second.id.kind}
    fix = "rename one of the files"
    if len(kinds) > 1:
        fix += "; what SQL reads by its name shares one name space, so that it can say `from name`"
    what = f"the name `{second.id.name}` is taken by {first.id} in {first.place}"
    return Issue(code="E121", what=what, place=second.place, fix=fix)


def _unknown_owners(
    tree: Tree, settings: Settings, definitions: Iterable[Definition]
) -> list[Issue]:
    """Owners that are neither a team nor a member of one; anyone may own where no team is named."""
    if not settings.teams:
        return []
    known = {*settings.teams, *(m for team in settings.teams.values() for m in team.members)}
    issues: list[Issue] = []
    for definition in definitions:
        owner = definition.described.owner
        if owner and owner not in known:
            what = f"unknown owner `{owner}`"
            fix = did_you_mean(owner, known, otherwise=f"owners are: {', '.join(sorted(known))}")
            place = _place_of_owner(tree, definition, owner)
            issues.append(Issue(code="E220", what=what, place=place, fix=fix))
    return issues


def _place_of_owner(tree: Tree, definition: Definition, owner: str) -> Place:
    """Where the owner is written: in one of the definition's files, or among the defaults."""
    pattern = re.compile(rf"\bowner[\"']?\s*[:=]\s*[\"']?({re.escape(owner)})(?!\w)")
    for path in (*definition.files, SETTINGS_FILE):
        text = tree.files.get(path, "")
        match = pattern.search(text)
        if match is not None:
            begin = match.start(1)
            line = text.count("\n", 0, begin) + 1
            return Place(path, line, begin - text.rfind("\n", 0, begin))
    return definition.place
