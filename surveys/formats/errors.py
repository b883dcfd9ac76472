"""What importing refuses as a whole."""

from __future__ import annotations

from surveys.errors import SurveyError


class FormatError(SurveyError):
    """A file is no survey of the format it says it is, or is not to be trusted; words for people."""
