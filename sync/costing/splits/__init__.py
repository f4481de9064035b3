"""How one person's time on several jobs at once is shared: one file per split rule, the policy `split_rule` names it.

A rule weighs the segments that are open together at an instant; the instant is theirs by weight. So whatever the rule,
the parts of a person's segments add up to the union of the clocked spans less the breaks, exactly: the sharing itself,
in whole milliseconds, is done in one place for all rules (`rules/labor_time.py`).

A weight depends on nothing but the segments open at that instant and the plant's standards of their orders. The scope
of a segment therefore stays its direct neighbours, under every rule. (Dynamics AX splits a whole bundle of jobs when
its last one ends; a late fact would then change the shares of the whole day, so here each instant is split by itself.)
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from sync.costing.splits import equal_share, main_order, number_of_orders, standard_time, unattended


@dataclass(frozen=True, slots=True)
class Split:
    """A split rule; its version changes when it would share otherwise. `weigh(open_together, plant)`: what segments
    that are open together weigh, in their order; none below zero, and at least one above."""

    name: str
    version: int
    weigh: Callable[..., Sequence[Fraction | int]]


RULES: Mapping[str, Split] = {
    rule.RULE: Split(rule.RULE, rule.VERSION, rule.weigh)
    for rule in (equal_share, standard_time, number_of_orders, main_order, unattended)
}
