"""The yardstick of the speed figures: the same work as a competent service of the usual kind does it."""
