"""Zendesk Support: users, organizations, tickets and their ratings, by its REST interface."""
