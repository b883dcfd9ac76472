"""Pulling records from connected systems: connections, runs, mapping, checkpoints, replay."""
