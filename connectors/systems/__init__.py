"""The systems this kit can talk to, one folder each."""
