"""The command line, one room a noun; heavy imports happen inside the handlers."""
