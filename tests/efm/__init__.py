"""The service, tested through its doors on a real PostgreSQL."""
