"""Definitions in Python: a function under a mark such as `@hw.table(key="id")`, read by syntax.

The file does not run. The keys of the mark are literals, and are read as those of a YAML file are.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.definitions.modules import syntax_of
from headwater.errors import Place

if TYPE_CHECKING:
    from headwater.definitions.loader import Files
    from headwater.definitions.yamltext import Located


@dataclass(frozen=True, slots=True)
class Marked:
    """A marked function, its mark, and the keys of that."""

    function: ast.FunctionDef
    mark: ast.expr
    keys: Located

    @property
    def docstring(self) -> str:
        """What the function says of itself."""
        return ast.get_docstring(self.function) or ""


def read_marked(files: Files, kind: str, usage: str) -> Marked | None:
    """The one function of a module that is marked as a `kind`, called as its file.

    None where there is none, which is noted as E109 with `usage` as its fix.
    """
    from headwater.definitions.loader import name_of

    name = name_of(files.path, ".py", files.issues)
    found = _find(files, kind, usage)
    if found is None or name is None:
        return None
    function, decorator = found
    if function.name != name:
        what = f"the file is called `{name}` but its function `{function.name}`"
        files.wrong("E109", what, place_of(files, function), "give both one name")
        return None
    return Marked(function, decorator, _Literals(files).keys(decorator))


def source_of(files: Files) -> str:
    """The module's text, and those of the project's modules that it imports."""
    return "\n".join(files.texts[path] for path in files.paths if path.endswith(".py"))


def place_of(files: Files, node: ast.stmt | ast.expr | ast.arg | ast.keyword) -> Place:
    """Where a piece of syntax stands."""
    return Place(files.path, node.lineno, node.col_offset + 1)


def _find(files: Files, kind: str, usage: str) -> tuple[ast.FunctionDef, ast.expr] | None:
    """The one marked function, and its mark."""
    try:
        module = syntax_of(files.text)
    except SyntaxError as error:
        place = Place(files.path, error.lineno or 0, error.offset or 0)
        files.wrong("E109", f"not valid Python: {error.msg}", place)
        return None
    marked = [
        (node, decorator)
        for node in module.body
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
        if _is_mark(decorator, kind)
    ]
    if len(marked) == 1:
        return marked[0]
    what = f"the file defines more than one {kind}" if marked else f"the file defines no {kind}"
    place = place_of(files, marked[1][0]) if marked else Place(files.path)
    files.wrong("E109", what, place, usage)
    return None


def _is_mark(decorator: ast.expr, kind: str) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(target, ast.Attribute):
        owner = target.value
        known = isinstance(owner, ast.Name) and owner.id in ("hw", "headwater")
        return known and target.attr == kind
    return isinstance(target, ast.Name) and target.id == kind


class _Literals:
    """Python literals as the located values that YAML would give."""

    def __init__(self, files: Files) -> None:
        self._files = files

    def keys(self, decorator: ast.expr) -> Located:
        """The keyword arguments of the mark."""
        from headwater.definitions.yamltext import Located

        found: dict[str, Located] = {}
        if isinstance(decorator, ast.Call):
            if decorator.args:
                self._refuse(decorator.args[0], "keys are given by name")
            for keyword in decorator.keywords:
                if keyword.arg is None:
                    self._refuse(keyword.value, "write the keys out instead of `**`")
                    continue
                value = self._value(keyword.value, place_of(self._files, keyword))
                if value is not None:
                    found[keyword.arg] = value
        return Located(found, place_of(self._files, decorator))

    def _value(self, node: ast.expr, key_place: Place | None = None) -> Located | None:
        """A literal; None where it is none, which is noted."""
        from headwater.definitions.yamltext import Located

        place = place_of(self._files, node)
        if isinstance(node, (ast.List, ast.Tuple)):
            items = [self._value(item) for item in node.elts]
            return Located(tuple(i for i in items if i is not None), place, key_place)
        if isinstance(node, ast.Dict):
            return Located(self._mapping(node), place, key_place)
        try:
            value = ast.literal_eval(node)
        except ValueError:
            fix = "it is read without running the file: write the value itself"
            self._refuse(node, fix)
            return None
        if isinstance(value, (str, int, float, bool)) or value is None:
            return Located(value, place, key_place)
        self._refuse(node, "write text, a number, a list or a mapping")
        return None

    def _mapping(self, node: ast.Dict) -> dict[str, Located]:
        found: dict[str, Located] = {}
        for key, item in zip(node.keys, node.values, strict=True):
            if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
                self._refuse(key or item, "keys are text")
                continue
            value = self._value(item, place_of(self._files, key))
            if value is not None:
                found[key.value] = value
        return found

    def _refuse(self, node: ast.expr, fix: str) -> None:
        what = f"`{ast.unparse(node)}` is no literal"
        self._files.wrong("E109", what, place_of(self._files, node), fix)
