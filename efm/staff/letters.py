"""The mails that the house sends its own people, in plain text."""

from __future__ import annotations

INVITATION = """\
Hello,

{inviter} invites you to work with {organization} on customer feedback, as {role}.

Open this address to accept. It works once, for seven days:

{link}

If you did not expect this, you need not do anything.
"""

RESET = """\
Hello {name},

somebody, probably you, asked for a new password for {email}.

Open this address to choose one. It works once, for one hour:

{link}

If it was not you, you need not do anything: your password stays as it is.
"""

CHANGED = """\
Hello {name},

the password for {email} was changed, and every other browser was signed out.

If it was not you, reset the password at once and tell an owner of your organization:

{link}
"""
