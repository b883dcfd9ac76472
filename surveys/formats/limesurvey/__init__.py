"""LimeSurvey structure files: LSS, LSG, LSQ, LSA and TSV."""

from surveys.formats.limesurvey.reading import read_limesurvey as read_limesurvey
