"""The diary of the schema."""
