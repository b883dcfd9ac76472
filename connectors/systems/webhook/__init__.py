"""Inbound webhooks: records that any system sends to us, verified by their signature."""
