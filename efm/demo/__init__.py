"""The demo company, whose data are synthetic and say so."""
