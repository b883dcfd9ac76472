"""Survey definitions of other tools, read and written, each reading with a report of its fidelity."""

from surveys.formats.errors import FormatError
from surveys.formats.report import Imported, Item, LogicItem, Report

__all__ = ["FormatError", "Imported", "Item", "LogicItem", "Report"]
