"""The door to PostgreSQL: tables' base, engine, tenancy, migrations, the embedded server."""
