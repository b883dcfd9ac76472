"""Jobs, the worker and the clock that enqueues."""
