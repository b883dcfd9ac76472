"""The in-memory system: a shipped twin of a CRM, for tests and trials."""
