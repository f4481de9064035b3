"""The audit trail for people: a page, and files of it. What a trail is: `server.store.audit`."""
