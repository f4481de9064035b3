"""The engine: facts to entries."""
