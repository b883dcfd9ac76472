"""The same file by dlt, merged by its key; run by the interpreter of dlt's own environment."""

from __future__ import annotations

import csv
import resource
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

CHUNK = 5_000


def main(file: Path, url: str, folder: Path) -> None:
    """Load the file; prints the seconds and the greatest memory in MB."""
    import dlt

    @dlt.resource(name="contacts", write_disposition="merge", primary_key="contact_id")
    def contacts() -> Iterator[list[dict[str, str]]]:
        with file.open(newline="", encoding="utf-8") as opened:
            rows = csv.DictReader(opened)
            while part := list(islice(rows, CHUNK)):
                yield part

    # It insists on a host; the socket's folder in the query goes before it.
    server = url.replace("@/", "@localhost/")
    pipeline = dlt.pipeline(
        "contacts", destination=dlt.destinations.postgres(server), dataset_name="by_dlt",
        pipelines_dir=str(folder), progress=None,
    )  # fmt: skip
    began = time.perf_counter()
    pipeline.run(contacts())
    seconds = time.perf_counter() - began
    peak = max(resource.getrusage(who).ru_maxrss for who in _WHO) / 1024
    print(seconds, peak)


_WHO = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
