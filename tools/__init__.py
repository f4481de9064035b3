"""Programs of the workshop: what building, testing and locking need, and no running plant ever imports."""
