"""Values the whole engine shares; nothing but the standard library."""
