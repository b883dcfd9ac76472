"""Any database that SQLAlchemy reads: its tables and views as streams."""
