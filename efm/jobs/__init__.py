"""Work done outside requests: the worker, the drain of the outbox, the clock."""
