"""${message}

Revision: ${up_revision}, after ${down_revision | comma,n}; made ${create_date}

The code of the release before this one is STILL RUNNING while this runs, and runs on after it until
the servers are replaced. So: add columns nullable or with a default; remove a column only in the
release after the one that stopped using it; rename in three releases; build indexes on large tables
CONCURRENTLY in a migration of their own. Import no models: they change, this does not.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
