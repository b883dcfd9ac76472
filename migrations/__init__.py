"""Schema changes, one intent each, forward and back, without the models."""
