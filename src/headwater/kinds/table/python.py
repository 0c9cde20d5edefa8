"""Tables in Python: `@hw.table(key=…)` over a function whose parameters are upstream names.

The definition is read from the file's syntax alone. The module runs when the table is built.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from headwater.definitions.modules import load_callable, syntax_of
from headwater.errors import Place
from headwater.kinds.table.definition import PythonFunction, TableDefinition

if TYPE_CHECKING:
    from headwater.definitions.loader import Files
    from headwater.definitions.yamltext import Located

Function = TypeVar("Function", bound=Callable[..., Any])

_USAGE = 'write `@hw.table(key="id")` over one function that is called as the file'


@overload
def table(function: Function, /) -> Function: ...


@overload
def table(**keys: Any) -> Callable[[Function], Function]: ...


def table(function: Function | None = None, /, **keys: Any) -> Any:
    """Mark a function as a table; the keys are those of a SQL table's header.

    Its parameters are names of upstream tables; it gets an Arrow table for each and returns an
    Arrow table, record batches, or a DuckDB relation.

    >>> @table(key="customer_id")
    ... def rfm(customers, sales): ...
    >>> rfm.__headwater_table__
    {'key': 'customer_id'}
    """

    def mark(marked: Function) -> Function:
        marked.__headwater_table__ = keys  # type: ignore[attr-defined]
        return marked

    return mark if function is None else mark(function)


def load_function(folder: str | os.PathLike[str], function: PythonFunction) -> Callable[..., Any]:
    """The function itself, by running its module below `folder`; raises `HeadwaterError` (E109)."""
    return load_callable(folder, function.module, function.name)


def read_python_table(files: Files) -> TableDefinition | None:
    """The table of one `tables/*.py`; None where there is none, which is noted."""
    from headwater.definitions.fields import INVALID
    from headwater.definitions.files import with_defaults
    from headwater.definitions.loader import name_of
    from headwater.kinds.table.keys import TABLE, read_tests
    from headwater.kinds.table.sqlfile import build_table, read_test_file

    name = name_of(files.path, ".py", files.issues)
    found = _find(files)
    if found is None or name is None:
        return None
    function, decorator = found
    if function.name != name:
        what = f"the file is called `{name}` but its function `{function.name}`"
        files.wrong("E109", what, _at(files, function), "give both one name")
        return None
    inputs = _parameters(function, files)
    root = with_defaults(_Literals(files).keys(decorator), files, _USAGE)
    values = TABLE.read(root, files.issues) if root is not None else {}
    values = {} if values is INVALID else values
    values.setdefault("description", ast.get_docstring(function) or "")
    returns = function.returns
    python = PythonFunction(
        module=files.path,
        name=function.name,
        inputs=inputs,
        source="\n".join(files.texts[path] for path in files.paths if path.endswith(".py")),
        returns=_annotation(returns) if returns is not None else "",
    )
    tests = (*read_tests(root.get("tests") if root else None, []), *read_test_file(files))
    return build_table(name, files, values, python=python, references_to=inputs, tests=tests)


def _find(files: Files) -> tuple[ast.FunctionDef, ast.expr] | None:
    """The one function of the module that is marked as a table, and its mark."""
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
        if _is_mark(decorator)
    ]
    if len(marked) == 1:
        return marked[0]
    what = "the file defines more than one table" if marked else "the file defines no table"
    place = _at(files, marked[1][0]) if marked else Place(files.path)
    files.wrong("E109", what, place, _USAGE)
    return None


def _is_mark(decorator: ast.expr) -> bool:
    target = decorator.func if isinstance(decorator, ast.Call) else decorator
    if isinstance(target, ast.Attribute):
        owner = target.value
        known = isinstance(owner, ast.Name) and owner.id in ("hw", "headwater")
        return known and target.attr == "table"
    return isinstance(target, ast.Name) and target.id == "table"


def _parameters(function: ast.FunctionDef, files: Files) -> tuple[str, ...]:
    arguments = function.args
    odd = arguments.vararg or arguments.kwarg
    if odd is not None or arguments.defaults or any(arguments.kw_defaults):
        place = _at(files, odd or function)
        fix = "its parameters are names of upstream tables, without defaults, `*` and `**`"
        files.wrong("E109", "a parameter that names no table", place, fix)
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return tuple(argument.arg for argument in every)


def _annotation(node: ast.expr) -> str:
    return (
        node.value
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        else ast.unparse(node)
    )


def _at(files: Files, node: ast.stmt | ast.expr | ast.arg | ast.keyword) -> Place:
    return Place(files.path, node.lineno, node.col_offset + 1)


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
                value = self._value(keyword.value, _at(self._files, keyword))
                if value is not None:
                    found[keyword.arg] = value
        return Located(found, _at(self._files, decorator))

    def _value(self, node: ast.expr, key_place: Place | None = None) -> Located | None:
        """A literal; None where it is none, which is noted."""
        from headwater.definitions.yamltext import Located

        place = _at(self._files, node)
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
            value = self._value(item, _at(self._files, key))
            if value is not None:
                found[key.value] = value
        return found

    def _refuse(self, node: ast.expr, fix: str) -> None:
        what = f"`{ast.unparse(node)}` is no literal"
        self._files.wrong("E109", what, _at(self._files, node), fix)
