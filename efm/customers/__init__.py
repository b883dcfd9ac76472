"""Accounts, contacts and who they are elsewhere: matching and the history of one customer."""
