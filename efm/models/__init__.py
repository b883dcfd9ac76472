"""All tables, one noun cluster a file; importing this package registers every one of them."""

from efm.models.act import Case, CaseNote
from efm.models.customers import Account, Contact, Identity, Interaction, Measurement
from efm.models.drafts import BankQuestion, ReviewComment, ReviewThread
from efm.models.feedback import Answer, File, Response, Score
from efm.models.house import AuditEntry, Event, IdempotencyKey, Mail, RateLimit
from efm.models.staff import ApiToken, Membership, Organization, StaffSession, StaffToken, User
from efm.models.surveys import (
    DirtyDay,
    Distribution,
    DraftRevision,
    Invitation,
    QuotaCount,
    ScoreDay,
    ScoreSum,
    Simulation,
    Survey,
    SurveyVersion,
)
from efm.models.sync import (
    Checkpoint,
    Connection,
    DataImport,
    RawRecord,
    RejectedRecord,
    StreamSetting,
    SyncRun,
)

__all__ = [
    "Account",
    "Answer",
    "ApiToken",
    "AuditEntry",
    "BankQuestion",
    "Case",
    "CaseNote",
    "Checkpoint",
    "Connection",
    "Contact",
    "DataImport",
    "DirtyDay",
    "Distribution",
    "DraftRevision",
    "Event",
    "File",
    "IdempotencyKey",
    "Identity",
    "Interaction",
    "Invitation",
    "Mail",
    "Measurement",
    "Membership",
    "Organization",
    "QuotaCount",
    "RateLimit",
    "RawRecord",
    "RejectedRecord",
    "Response",
    "ReviewComment",
    "ReviewThread",
    "Score",
    "ScoreDay",
    "ScoreSum",
    "Simulation",
    "StaffSession",
    "StaffToken",
    "StreamSetting",
    "Survey",
    "SurveyVersion",
    "SyncRun",
    "User",
]
