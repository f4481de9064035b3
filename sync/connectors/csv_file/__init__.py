"""CSV: reference files and production logs in, entries out."""
