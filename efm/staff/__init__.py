"""The people who work here: signing in, members, keys for programs, and what they did."""
