"""The edge: pages, the API, sign-in and the unit of work of a request."""
