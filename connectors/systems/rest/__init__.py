"""REST interfaces that an admin describes: trackers, review feeds, anything home-grown."""
