"""Pages for people, one room a noun."""
