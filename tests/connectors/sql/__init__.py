"""The SQL connector, tried on real databases."""
