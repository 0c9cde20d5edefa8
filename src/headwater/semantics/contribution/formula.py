"""The formula of a metric as a tree of sums and products, where it is one."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from headwater.semantics.contribution.factors import Constant, Product, Sum, Tree
from headwater.sql.formulas import Aggregate, Mention, ParsedFormula

_TOKEN = re.compile(r"(?i)\s*(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+|[-+*/(),]|\w+|\"nullif\"|.)")
_NUMBER = re.compile(r"[\d.]")
_ONE = Fraction(1)

Part = Aggregate | Mention


class _OtherFormulaError(Exception):
    """The formula has something else than the four operations."""


def read_tree(formula: ParsedFormula, atom: Callable[[Part], Tree | None]) -> Tree | None:
    """The formula's tree; `atom` says what stands for an aggregate or a metric.

    None where the formula has a function, or where `atom` gives None.

    >>> from headwater.semantics.contribution.factors import Factor
    >>> from headwater.sql.formulas import parse_formula
    >>> tree = read_tree(parse_formula("revenue / orders"), lambda part: Factor(part.name))
    >>> tree
    Product(times=(Factor(name='revenue'),), over=(Factor(name='orders'),))
    """
    reading = _Reading(tuple(_tokens(formula)), atom)
    try:
        tree = reading.sum()
        return tree if reading.is_done else None
    except _OtherFormulaError:
        return None


def _tokens(formula: ParsedFormula) -> Iterator[str | Part]:
    for part in formula.parts:
        if isinstance(part, str):
            yield from (match[1] for match in _TOKEN.finditer(part) if match[1].strip())
        else:
            yield part


@dataclass(slots=True)
class _Reading:
    tokens: tuple[str | Part, ...]
    atom: Callable[[Part], Tree | None]
    place: int = 0

    @property
    def is_done(self) -> bool:
        return self.place == len(self.tokens)

    def _next(self) -> str | Part:
        if self.is_done:
            raise _OtherFormulaError
        self.place += 1
        return self.tokens[self.place - 1]

    def _take(self, *expected: str) -> str | None:
        """The next token, if it is one of these."""
        if self.is_done:
            return None
        token = self.tokens[self.place]
        if not isinstance(token, str) or token.casefold() not in expected:
            return None
        self.place += 1
        return token.casefold()

    def _demand(self, *words: str) -> None:
        for word in words:
            if self._take(word) is None:
                raise _OtherFormulaError

    def sum(self) -> Tree:
        terms = [(self._product(), _ONE)]
        while (sign := self._take("+", "-")) is not None:
            terms.append((self._product(), _ONE if sign == "+" else -_ONE))
        return terms[0][0] if len(terms) == 1 else Sum(tuple(terms))

    def _product(self) -> Tree:
        times: list[Tree] = [self._unary()]
        over: list[Tree] = []
        while (sign := self._take("*", "/")) is not None:
            (times if sign == "*" else over).append(self._unary())
        if len(times) == 1 and not over:
            return times[0]
        return flat(Product(tuple(times), tuple(over)))

    def _unary(self) -> Tree:
        if self._take("-") is not None:
            return Sum(((self._unary(), -_ONE),))
        token = self._next()
        if not isinstance(token, str):
            found = self.atom(token)
            if found is None:
                raise _OtherFormulaError
            return found
        word = token.casefold()
        if word == "(":
            tree = self.sum()
            self._demand(")")
            return tree
        if _NUMBER.match(word):
            return Constant(Fraction(word))
        if word not in ("nullif", '"nullif"', "cast"):
            raise _OtherFormulaError
        self._demand("(")
        tree = self.sum()
        if word == "cast":
            self._demand("as", "double", ")")  # any other type would round
        else:
            self._demand(",", "0", ")")  # where it is zero, a division by it has no value either
        return tree


def flat(product: Product) -> Product:
    """Products in a product are its factors: Shapley's weights need all of them at once."""
    times: list[Tree] = []
    over: list[Tree] = []
    for part in product.times:
        times += part.times if isinstance(part, Product) else (part,)
        over += part.over if isinstance(part, Product) else ()
    for part in product.over:
        over += part.times if isinstance(part, Product) else (part,)
        times += part.over if isinstance(part, Product) else ()
    return Product(tuple(times), tuple(over))


def is_linear(tree: Tree) -> bool:
    """Whether values of groups add up to the value of the whole, if those of its metrics do."""
    if isinstance(tree, Constant):
        return tree.value == 0
    if isinstance(tree, Sum):
        return all(is_linear(term) for term, _ in tree.terms)
    if isinstance(tree, Product):
        variable = [part for part in tree.times if not isinstance(part, Constant)]
        constant = all(isinstance(part, Constant) for part in tree.over)
        return constant and len(variable) == 1 and is_linear(variable[0])
    return True


def as_ratio(tree: Tree) -> tuple[Tree, Tree] | None:
    """Numerator and denominator, where both are linear; `1 − a / b` is `(b − a) / b`.

    None where the formula is no ratio that can be divided among groups.
    """
    if isinstance(tree, Sum):
        return _of_sum(tree)
    if not isinstance(tree, Product) or not tree.over:
        return None
    bottom = tree.over[0] if len(tree.over) == 1 else Product(tree.over)
    if not is_linear(bottom):
        return None
    constants = [part for part in tree.times if isinstance(part, Constant)]
    others = [part for part in tree.times if not isinstance(part, Constant)]
    if len(others) != 1 or not is_linear(others[0]):
        return None
    top = Product((*constants, others[0])) if constants else others[0]
    return top, bottom


def _of_sum(tree: Sum) -> tuple[Tree, Tree] | None:
    """Terms over one denominator, and constants, as one fraction."""
    found: list[tuple[Tree, Fraction]] = []
    bottom: Tree | None = None
    constants: list[Fraction] = []
    for term, weight in tree.terms:
        if isinstance(term, Constant):
            constants.append(term.value * weight)
            continue
        ratio = as_ratio(term)
        if ratio is None or (bottom is not None and ratio[1] != bottom):
            return None
        bottom = ratio[1]
        found.append((ratio[0], weight))
    if bottom is None:
        return None
    if constants:
        found.append((bottom, sum(constants, Fraction(0))))
    return Sum(tuple(found)), bottom
