"""Data files brought in whole: recognised, planned, loaded into an organization of their own."""
