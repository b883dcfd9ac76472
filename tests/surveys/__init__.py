"""The survey engine, tested by value."""
