"""Past responses brought into a survey from a file: matched, looked at, then loaded by a job."""
