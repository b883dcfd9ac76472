"""Quotas of a LimeSurvey survey, how it ends, and what is known of a respondent beforehand."""

from __future__ import annotations

from surveys import addresses
from surveys.formats.expressionscript.comparing import equal
from surveys.formats.expressionscript.terms import Term, constant, joined
from surveys.formats.limesurvey.choices import Doc
from surveys.formats.limesurvey.ledger import Ledger
from surveys.formats.limesurvey.source import Source, Texts, number
from surveys.formats.limesurvey.tables import Row
from surveys.formats.limesurvey.variables import Variables
from surveys.formats.limesurvey.wording import Wording
from surveys.formats.naming import Keys
from surveys.parts import Logic
from surveys.piping import PLACE

_MOST = 45
_MOST_READ = 200


class Quotas:
    """Writes quotas and the endings they lead to."""

    def __init__(
        self, source: Source, variables: Variables, wording: Wording, ledger: Ledger
    ) -> None:
        self.source = source
        self.variables = variables
        self.wording = wording
        self.ledger = ledger
        self.keys = Keys(("end", "finished"))
        self.quotas: list[Doc] = []
        self.endings: list[Doc] = []

    def write(self) -> None:
        """Write the quotas that are in force."""
        rows = [row for row in self.source.tables.table("quota") if row.get("active", "1") != "0"][
            :_MOST_READ
        ]
        for row in rows:
            when = self._when(row)
            if when is None:
                continue
            if len(self.quotas) >= _MOST:
                self.ledger.note(f"Only the first {_MOST} quotas are kept.")
                break
            key = self.keys.key(row.get("id", ""), row.get("name", ""), "quota")
            title = self.ledger.cleaner.text(row.get("name", ""), 200)
            doc: Doc = {
                "key": key,
                "title": title,
                "limit": min(max(number(row.get("qlimit")), 0), 10**9),
            }
            self.quotas.append(
                doc | {"when": when, "action": "end", "ending": self._ending(row, key)}
            )

    def _ending(self, row: Row, key: str) -> str:
        said = [
            each
            for each in self.source.tables.table("quota_languagesettings")
            if each.get("quotals_quota_id", "") == row.get("id", "")
        ]
        texts = {
            each.get("quotals_language", "").strip(): each.get("quotals_message", "")
            for each in said
        }
        doc: Doc = {"key": key, "is_screen_out": True}
        text = self.wording.say(texts, f"endings.{key}.text", 18_000)
        if text:
            doc["text"] = text
        if row.get("autoload_url", "0") == "1" and said:
            own = [
                each
                for each in said
                if each.get("quotals_language", "").strip() == self.source.language
            ]
            address = ((own or said)[0].get("quotals_url", "") or "").strip()
            redirect = self._address(address, f"The quota {key}", f"endings.{key}.redirect")
            if redirect:
                doc["redirect"] = redirect
        self.endings.append(doc)
        return key

    def _address(self, address: str, what: str, place: str) -> str:
        """An address with what is put into it; '' for one that is none, or wants what is not known."""
        if not address:
            return ""
        # Its signs are no markup, so that &para= stays itself.
        plain = address[:2_000].replace("&amp;", "&").replace("&", "&amp;")
        made = self.wording.text(plain, place, 2_000)
        bare = PLACE.sub("", made)
        is_whole = "{" not in bare and "}" not in bare and bare.count("[") == address.count("[")
        if is_whole and not addresses.problem(made):
            return made
        self.ledger.note(f"{what} leads to an address that is not kept: {address[:200]}")
        return ""

    def _when(self, row: Row) -> Logic:
        """Whom a quota counts: one of the answers given for each question."""
        groups: dict[str, list[Logic]] = {}
        path = f"quotas.{row.get('name', '')[:60]}"
        members = [
            each
            for each in self.source.tables.table("quota_members")
            if each.get("quota_id", "") == row.get("id", "")
        ]
        for each in members:
            qid = each.get("qid", "").strip()
            logic = self._member(qid, each.get("code", "").strip())
            if logic is None:
                self.ledger.left(
                    path,
                    f"{qid}: {each.get('code', '')}",
                    "Whom the quota counts is not known here.",
                )
                return None
            groups.setdefault(qid, []).append(logic)
        if not groups:
            self.ledger.note(f"The quota {row.get('name', '')[:60]} counts nobody and is left out.")
            return None
        self.ledger.evaluated(
            path, "; ".join(f"{each.get('qid')}: {each.get('code')}" for each in members)
        )
        return joined("and", [joined("or", each) for each in groups.values()])

    def _member(self, qid: str, code: str) -> Logic:
        wanted = code
        for suffix, variable in self.variables.of(qid):
            if variable.nature == "mark":
                if suffix == code:
                    return variable.logic
                continue
            row, dash, value = code.rpartition("-")
            if dash and row and row == suffix:
                wanted = value
            elif suffix:
                continue
            term = Term(variable.logic, variable.nature, variable)
            return equal(term, constant(wanted, is_quoted=True))
        return None

    def write_end(self) -> None:
        """Where a person is led in the end, if anywhere."""
        wording = self.source.wording.get(self.source.language, {})
        address = (wording.get("surveyls_url") or "").strip()
        if not address:
            return
        if self.source.setting("autoredirect") != "Y":
            self.ledger.note(
                f"The end offers a link to {address[:200]}; add it to the thanks if it is wanted."
            )
            return
        redirect = self._address(address, "The end", "endings.finished.redirect")
        if redirect:
            texts: Texts = {
                language: row.get("surveyls_endtext", "")
                for language, row in self.source.wording.items()
            }
            doc: Doc = {"key": "finished", "redirect": redirect}
            text = self.wording.say(texts, "endings.finished.text", 18_000)
            if text:
                doc["text"] = text
            self.endings.append(doc)
