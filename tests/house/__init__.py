"""What every part of the house must keep: walls, permissions, looks, words."""
