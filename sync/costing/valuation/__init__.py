"""How stock is valued: one method an item, a file each. They know quantities and money, nothing of entries or facts:
`sync/costing/rules/material.py` turns what they say into entries."""

from sync.costing.valuation import fifo, moving_average, period_average, standard

# In the words of items.csv; each has a module that says how it works.
METHODS = (standard.NAME, moving_average.NAME, period_average.NAME, fifo.NAME)

# Methods that follow what was paid, by name.
AT_COST = {method.NAME: method.value for method in (moving_average, period_average, fifo)}
