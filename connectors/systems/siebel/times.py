"""Times as a Siebel server writes them: texts without a zone, in a format of its locale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from types import MappingProxyType
from typing import Any

from connectors import dates

FORMATS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mm/dd/yyyy": ("%m/%d/%Y", "11/23/2026 (month first, Siebel's own)"),
        "dd/mm/yyyy": ("%d/%m/%Y", "23/11/2026"),
        "dd.mm.yyyy": ("%d.%m.%Y", "23.11.2026"),
        "yyyy-mm-dd": ("%Y-%m-%d", "2026-11-23"),
    }
)
"""The formats of days: how Python writes them, and how they are offered."""


@dataclass(frozen=True, slots=True)
class Times:
    """How this server writes days and times. Raises ValueError for an unknown zone."""

    format: str
    zone_name: str

    @property
    def zone(self) -> tzinfo:
        """The zone of its times."""
        return dates.zone(self.zone_name or "UTC")

    def options(self) -> dict[str, Any]:
        """Options of the converters `datetime` and `date`."""
        return {
            "formats": [f"{self.format} hh:nn:ss", f"{self.format} hh:nn", self.format, "iso"],
            "zone": self.zone_name or "UTC",
        }

    def read(self, text: Any) -> datetime | None:
        """The aware UTC time of a text; None when it is none."""
        parsers = [dates.parser(each) for each in self.options()["formats"]]
        try:
            return dates.to_utc(text, parsers, self.zone, self.format) if text else None
        except ValueError:
            return None

    def write(self, value: datetime | date) -> str:
        """A day, or a time in the server's zone (one without a zone is taken for UTC)."""
        day = FORMATS[self.format][0]
        if not isinstance(value, datetime):
            return value.strftime(day)
        at = value if value.tzinfo else value.replace(tzinfo=UTC)
        return at.astimezone(self.zone).strftime(f"{day} %H:%M:%S")
