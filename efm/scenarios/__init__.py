"""What should happen when a moment is detected: cases opened, answered and closed."""
