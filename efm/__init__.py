"""The service that composes surveys and connectors with a database and a web."""
