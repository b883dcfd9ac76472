"""The API, version 1: addresses for programs, their schemas, limits and documentation."""
