"""`efm routes`: method, path and permission of every route."""

from __future__ import annotations

import argparse
import json
from typing import Any


def register(commands: Any) -> None:
    """Add the command."""
    parser = commands.add_parser("routes", help="list method, path and permission of every route")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=routes)


def routes(arguments: argparse.Namespace) -> int:
    """Print the routes; needs a database only because the application insists on one."""
    from efm.app import make_app
    from efm.cli.open import opened
    from efm.web.fast import ROUTES
    from efm.web.permissions import permission_of

    with opened() as config:
        app = make_app(config)
        rows = sorted(
            (rule.rule, method, permission_of(app.view_functions[rule.endpoint]) or "undeclared")
            for rule in app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        )
        app.extensions["efm.engine"].dispose()
    # What the bare entrance answers before Flask is asked; the permission is the same in both.
    quick = {(path, method) for method, path, _ in ROUTES}
    if arguments.json:
        print(
            json.dumps(
                [
                    {"method": m, "path": p, "permission": q, "is_quick": (p, m) in quick}
                    for p, m, q in rows
                ]
            )
        )
    else:
        width = max(len(path) for path, _, _ in rows) + 2
        for path, method, needed in rows:
            mark = "  (answered in front of Flask)" if (path, method) in quick else ""
            print(f"{method:7}{path:{width}}{needed}{mark}")
    return 0
