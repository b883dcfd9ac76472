"""Collecting feedback: surveys, versions, links, responses, scores."""
