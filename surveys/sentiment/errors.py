"""What can go wrong before a text is scored."""


class LexiconMissing(RuntimeError):
    """The sentiment lexicon is not installed or is not the version the rules were written for."""
