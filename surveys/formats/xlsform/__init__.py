"""XLSForm workbooks, read through pyxform."""

from surveys.formats.xlsform.reading import read_xlsform as read_xlsform
