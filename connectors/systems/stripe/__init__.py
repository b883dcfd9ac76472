"""Stripe: customers, what they pay for and what they paid, and scores written back to them."""
