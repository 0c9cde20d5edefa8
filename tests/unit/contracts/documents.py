"""Contracts that several tests read, and one reader that refuses issues."""

from __future__ import annotations

from headwater.contracts.definition import Contract
from headwater.contracts.reading import read_contract, read_contracts
from headwater.errors import Issue

#: The contract of the shop's invoices, word for word as FORMATS gives it.
INVOICES = """\
apiVersion: v3.1.0
kind: DataContract
id: invoices
version: 1.0.0
status: active
team: {name: data, members: [{username: data-lead, role: owner}]}
schema:
- name: invoices
  properties:
  - {name: invoice, physicalName: Invoice, logicalType: string, required: true, logicalTypeOptions: {pattern: "^[AC]?[0-9]{6}$"}}
  - {name: stock_code, physicalName: StockCode, logicalType: string, required: true}
  - {name: description, physicalName: Description, logicalType: string}
  - {name: quantity, physicalName: Quantity, logicalType: integer, required: true, logicalTypeOptions: {minimum: -100000, maximum: 100000}}
  - {name: invoice_date, physicalName: InvoiceDate, logicalType: timestamp, required: true}
  - {name: price, physicalName: Price, logicalType: number, physicalType: "decimal(12,4)", required: true, logicalTypeOptions: {minimum: 0}}
  - {name: customer_id, physicalName: Customer ID, logicalType: integer, classification: personal}
  - {name: country, physicalName: Country, logicalType: string, required: true}
  quality:
  - {metric: rowCount, mustBeGreaterThan: 100, description: The smallest day so far had 279 lines.}
  - {type: custom, engine: headwater, name: returns_are_negative, severity: warning,   # one row breaks it: C496350
     implementation: "invoice not like 'C%' or quantity < 0"}                          # a condition every row keeps
slaProperties:
- {property: latency, value: 2, unit: d, element: invoices.invoice_date}   # the standard prefers latency to freshness
"""  # noqa: E501

_HEAD = """\
apiVersion: {api}
kind: DataContract
id: t
version: {version}
"""


def document(
    *properties: str,
    quality: str = "",
    version: str = "1.0.0",
    api: str = "v3.1.0",
    rest: str = "",
    schema_rest: str = "",
) -> str:
    """The text of a contract of one object `t`; properties and quality in flow style."""
    lines = [_HEAD.format(api=api, version=version) + "schema:", "- name: t", "  properties:"]
    lines += [f"  - {{{each}}}" for each in properties]
    if quality:
        lines += ["  quality:", f"  - {quality}"]
    if schema_rest:
        lines.append(f"  {schema_rest}")
    return "\n".join([*lines, rest]) + "\n"


def contract(*properties: str, **rest: str) -> Contract:
    """The contract of a `document`, which must be faultless."""
    found, issues = read_contract("t.odcs.yaml", document(*properties, **rest))
    assert not [str(issue) for issue in issues]
    assert found is not None
    return found


def issues_of(text: str) -> list[Issue]:
    """What is wrong with a document."""
    return read_contracts("t.odcs.yaml", text)[1]


def edited(*changes: tuple[str, str]) -> str:
    """The invoices' contract with words replaced; each must be there."""
    text = INVOICES
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def invoices(*changes: tuple[str, str]) -> Contract:
    """The invoices' contract, as it is or edited."""
    found, issues = read_contract("contracts/invoices.odcs.yaml", edited(*changes))
    assert not [str(issue) for issue in issues]
    assert found is not None
    return found
