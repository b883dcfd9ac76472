"""The outbox: events and mails written with the work that caused them, and their handling."""
