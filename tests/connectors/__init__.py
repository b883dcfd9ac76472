"""The connector kit and the connectors, held to one contract."""
