"""What a release changed in words and in the files of its definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final, Literal

from headwater.project.comparing import NodeDiff
from headwater.views.diff import number, share, signed
from headwater.views.figures import count

LineSort = Literal["added", "removed", "same", "skipped"]
_AROUND: Final = 3
_MOST_LINES: Final = 400
_LONGEST: Final = 4_000  # lines of a file that are compared line by line


@dataclass(frozen=True, slots=True)
class TextLine:
    """One line of a file that changed."""

    sort: LineSort
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FileChange:
    """A definition's file before and after."""

    path: str
    sort: Literal["new", "gone", "edited"]
    added: int
    removed: int
    lines: tuple[TextLine, ...]
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TotalFact:
    """The sum of a column before and after, as text."""

    column: str
    before: str
    after: str
    difference: str
    share: str


def file_changes(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[FileChange, ...]:
    """The files of two trees that differ, by path."""
    paths = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    return tuple(_file_change(path, before.get(path), after.get(path)) for path in paths)


def _file_change(path: str, before: str | None, after: str | None) -> FileChange:
    old, new = (before or "").splitlines(), (after or "").splitlines()
    lines = list(_lines(old, new)) if max(len(old), len(new)) <= _LONGEST else []
    return FileChange(
        path=path,
        sort="new" if before is None else "gone" if after is None else "edited",
        added=sum(line.sort == "added" for line in lines),
        removed=sum(line.sort == "removed" for line in lines),
        lines=tuple(lines[:_MOST_LINES]),
        is_cut=len(lines) > _MOST_LINES or not lines,
    )


def _lines(old: list[str], new: list[str]) -> Iterator[TextLine]:
    """The lines that differ, with a few around them."""
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_AROUND)
    for number_of, group in enumerate(groups):
        if number_of or group[0][1] > 0:
            yield TextLine("skipped", "")
        for tag, old_from, old_to, new_from, new_to in group:
            if tag == "equal":
                yield from (TextLine("same", line) for line in old[old_from:old_to])
                continue
            yield from (TextLine("removed", line) for line in old[old_from:old_to])
            yield from (TextLine("added", line) for line in new[new_from:new_to])


def change_text(diff: NodeDiff) -> str:
    """What changed of a node, in a clause.

    >>> from headwater.ids import NodeId
    >>> change_text(NodeDiff(node=NodeId("table", "a"), change="changed", rows_added=5))
    '+5 rows'
    """
    if diff.change == "added":
        return f"new, {count(diff.rows_added, 'row')}"
    if diff.change == "removed":
        return f"removed, {count(diff.rows_removed, 'row')}"
    if diff.change == "definition only":
        return "definition changed, rows equal"
    if diff.change == "rebuilt, equal":
        return "built again, rows equal"
    parts = [f"+{count(diff.rows_added, 'row')}"] if diff.rows_added else []
    parts += [f"−{count(diff.rows_removed, 'row')}"] if diff.rows_removed else []
    parts += [f"{count(diff.rows_changed, 'row')} changed"] if diff.rows_changed else []
    return ", ".join(parts) or "rows equal"


def definition_text(diff: NodeDiff) -> str:
    """The columns that are made otherwise; those of which the type changed are told by it."""
    typed = {f"`{column.column}`" for column in diff.schema}
    return ", ".join(each for each in diff.definition if each not in typed)


def total_facts(diff: NodeDiff) -> tuple[TotalFact, ...]:
    """The totals that moved."""
    return tuple(
        TotalFact(
            column=total.column,
            before=number(total.before),
            after=number(total.after),
            difference=signed(total.difference),
            share=share(total.before, total.after),
        )
        for total in diff.totals
    )
