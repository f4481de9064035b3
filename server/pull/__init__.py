"""Finance pulls: sealed entries and batches by cursor, the same bytes whenever it asks again."""
