"""What each issue code of contracts and rules means."""

from __future__ import annotations

from typing import Final

#: Code → meaning, as the reference of error codes prints it.
CODES: Final = {
    "E601": "The file is not an Open Data Contract Standard document (v3.0.x, v3.1.0 or v3.2.0).",
    "E602": "A key that the standard, or the rule, does not define.",
    "E603": "A metric, a compatibility mode or a unit that does not exist.",
    "E604": "A value of the wrong type or not allowed, or a key that is missing.",
    "E605": "A rule, relationship or SLA names a column that the contract does not declare.",
    "E606": "A pattern that DuckDB cannot match, or SQL that is no single expression or query.",
    "E607": "The content of a contract changed but its version was not raised far enough.",
    "E608": "A change that the contract's compatibility mode does not allow.",
    "E609": "The same name twice: a column, a schema object or a rule.",
    "W607": "The text of a contract changed (descriptions, owners, tags) but not its version.",
    "W610": "A promise that Headwater reads but does not enforce.",
    "W611": "A physical type that DuckDB does not know; the logical type decides.",
}
