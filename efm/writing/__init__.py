"""Writing back: what customers said and what is done about it, told to the systems people work in."""
