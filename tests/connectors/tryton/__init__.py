"""The Tryton connector, tried against a real Tryton server."""
