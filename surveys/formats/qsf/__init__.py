"""Qualtrics survey files (QSF)."""

from surveys.formats.qsf.reading import read_qsf as read_qsf
