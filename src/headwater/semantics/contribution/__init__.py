"""Why a number moved: changes divided among factors and groups so that they add up exactly."""

from headwater.semantics.contribution.additive import divide_sum
from headwater.semantics.contribution.distinct import Turnover, turn_over
from headwater.semantics.contribution.exact import Share, exact
from headwater.semantics.contribution.factors import Constant, Factor, Product, Sum, Tree, divide
from headwater.semantics.contribution.groups import Group, Parts, RatioParts
from headwater.semantics.contribution.ratio import divide_ratio
from headwater.semantics.contribution.search import Explanation, explain

__all__ = [
    "Constant",
    "Explanation",
    "Factor",
    "Group",
    "Parts",
    "Product",
    "RatioParts",
    "Share",
    "Sum",
    "Tree",
    "Turnover",
    "divide",
    "divide_ratio",
    "divide_sum",
    "exact",
    "explain",
    "turn_over",
]
