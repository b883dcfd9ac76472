"""What kind of customer record a table holds, by the words of its name and then by its columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NOISE = _set(
    "tbl table view vw header headers hdr head master data list all new main t v dim fact stg raw "
    "base info record records active current detailed summary s"
)
_HEADS: Mapping[str, str] = {
    word: entity
    for entity, words in {
        "account": "account company organization organisation firm household partner partei",
        "contact": "contact customer person people client member subscriber guest patient user",
        "opportunity": "opportunity deal lead quotation quote proposal",
        "order": "order purchase sale transaction booking",
        "invoice": "invoice bill ar receivable",
        "payment": "payment receipt charge refund",
        "subscription": "subscription contract membership policy",
        "product": "product item article sku part good",
        "stock_event": "movement",
        "interaction": "ticket case call visit activity interaction event complaint incident "
        "meeting appointment request issue chat conversation enquiry inquiry",
    }.items()
    for word in words.split()
}
_LINES = _set("line item detail position entry row product")
_JOINING = _set(
    "to link rel relation map mapping xref file note log history audit class lot asset bank"
)
_PARTIES = _set("business company companies corporate b2b vendor")
_BOOKKEEPING = _set("accno gificode gifi accounttype coa charttype glaccount")
_PERSONAL = _set(
    "firstname lastname surname givenname familyname fname lname gender birthdate dateofbirth "
    "dob birthday salutation middlename"
)
_COMPANY = _set(
    "companyname company organization organisation companyid vatnumber vat taxid iscompany "
    "industry employees legalname website"
)
_OCCURRED = _set(
    "date occurredat createdat created datetime timestamp eventdate happenedat startedat"
)
_KINDS = (
    ("support_contact", "complaint incident issue request enquiry inquiry"),
    ("ticket", "ticket case"),
    ("call", "call"),
    ("visit", "visit"),
    ("meeting", "meeting appointment"),
    ("chat", "chat conversation"),
)


def words_of(name: str) -> list[str]:
    """SalesOrderHeader and sales_order_headers are both sales, order, header."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    parts = [each for each in re.split(r"[^a-z]+", spaced.lower()) if each]
    return [singular(each) for each in parts]


def singular(word: str) -> str:
    """The word for one of them, as far as spelling tells."""
    if word in ("people", "sales", "news", "address", "status", "bus", "gas"):
        return "sale" if word == "sales" else word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def guess(name: str, columns: Sequence[str]) -> tuple[str, bool]:
    """(entity, whether the name or the columns speak for it clearly).

    As in English, the last word says what it is and those before it which: an order line is no
    order, and the terms of a payment are no payment.
    """
    header = {re.sub(r"[^a-z0-9]", "", each.lower()) for each in columns}
    words = [each for each in words_of(name.rpartition(".")[2]) if each not in _NOISE]
    if "metric" in header and header & {"value", "amount"}:
        return "measurement", True
    found = _by_words(words, header)
    if found:
        return found, True
    if header & _PERSONAL and len(header & _PERSONAL) > 1:
        return "contact", bool(header & {"email", "emailaddress", "phone", "mobile"})
    if header & _OCCURRED and len(header) > 2:
        return "interaction", False
    return "account", False


def _by_words(words: Sequence[str], header: set[str]) -> str | None:
    if not words:
        return None
    head, before = words[-1], set(words[:-1])
    if before & _JOINING:
        return None  # what joins tables or goes along with a record is not the record
    if head in _LINES and before & {"order", "sale", "purchase"}:
        return "order_line"
    if head == "move" and "stock" in before:
        return "stock_event"
    if head in ("event", "movement", "transaction") and before & {"stock", "inventory"}:
        return "stock_event"
    if head in _LINES and head not in ("product", "item"):
        return None
    if head in ("item", "product") and before & {"invoice", "cart", "quote", "subscription"}:
        return None
    found = _HEADS.get(head)
    if found == "account" and header & _BOOKKEEPING:
        return None  # an account of the ledger, not a customer
    if found == "contact" and head in ("customer", "client", "user"):
        # The same word names people here and companies there; the columns know.
        if header & _PERSONAL:
            return "contact"
        if header & _COMPANY or before & _PARTIES:
            return "account"
    if found == "account" and head == "partner" and header & _PERSONAL:
        return "contact"
    return found


def kind_of(name: str) -> str:
    """The kind of interaction a table of that name holds."""
    words = set(words_of(name))
    return next((kind for kind, known in _KINDS if words & set(known.split())), "event")
