"""How the parts around the questions are read: blocks, data, endings, quotas, and who points where."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from surveys import loading_loops
from surveys.parts import (
    Block,
    DataField,
    Definition,
    Ending,
    Loop,
    Order,
    Question,
    Quota,
    Randomizer,
    Unresolved,
)
from surveys.reading import Reader

MAX_BLOCKS = 1000
MAX_DATA = 500
MAX_ENDINGS = 50
MAX_QUOTAS = 100
MAX_UNRESOLVED = 2000
_ORDERS: tuple[Order, ...] = ("as_given", "random", "reversed_for_half", "alphabetical")
THE_END = "end"


def _names(of: type) -> tuple[str, ...]:
    return tuple(each.name for each in fields(of))


class Flow:
    """Reads what is around the pages."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    def order(self, value: object, path: str) -> Order:
        """One of the orders; as given where nothing is said."""
        return self.reader.option(value, path, _ORDERS)

    def blocks(self, value: object) -> Iterator[Block]:
        """Blocks of pages."""
        taken: set[str] = set()
        for path, part in self.reader.each(value, "blocks", MAX_BLOCKS, "blocks"):
            given = self.reader.mapping(part, path, _names(Block))
            yield Block(
                key=self.reader.key(given.get("key"), f"{path}.key", taken),
                title=self.reader.text(given.get("title"), f"{path}.title", 2000),
                show_if=self.reader.logic(given.get("show_if"), f"{path}.show_if"),
                page_order=self.order(given.get("page_order"), f"{path}.page_order"),
                randomizer=self.reader.name(given.get("randomizer"), f"{path}.randomizer"),
                loop=self.loop(given.get("loop"), f"{path}.loop"),
            )

    def loop(self, value: object, path: str) -> Loop | None:
        """What a page or a block is asked about, thing by thing."""
        return loading_loops.loop(self.reader, value, path)

    def randomizers(self, value: object) -> Iterator[Randomizer]:
        """Groups of blocks in random order."""
        taken: set[str] = set()
        for path, part in self.reader.each(value, "randomizers", MAX_BLOCKS, "randomizers"):
            given = self.reader.mapping(part, path, _names(Randomizer))
            yield Randomizer(
                key=self.reader.key(given.get("key"), f"{path}.key", taken),
                show=self.reader.whole(given.get("show"), f"{path}.show", least=1),
                is_even=self.reader.boolean(
                    given.get("is_even"), f"{path}.is_even", otherwise=False
                ),
            )

    def data(self, value: object) -> Iterator[DataField]:
        """Values known beside the answers."""
        taken: set[str] = set()
        for path, part in self.reader.each(value, "data", MAX_DATA, "data fields"):
            given = self.reader.mapping(part, path, _names(DataField))
            listed = self.reader.each(given.get("choices"), f"{path}.choices", 200, "values")
            yield DataField(
                key=self.reader.key(given.get("key"), f"{path}.key", taken),
                source=self.reader.option(
                    given.get("source"),
                    f"{path}.source",
                    ("link", "contact", "account", "value", "random"),
                ),
                name=self.reader.text(given.get("name"), f"{path}.name", 200),
                value=self.reader.logic(given.get("value"), f"{path}.value"),
                choices=tuple(self.reader.text(part, where, 300) for where, part in listed),
            )

    def endings(self, value: object) -> Iterator[Ending]:
        """How the survey may end."""
        taken: set[str] = {THE_END}
        for path, part in self.reader.each(value, "endings", MAX_ENDINGS, "endings"):
            given = self.reader.mapping(part, path, _names(Ending))
            yield Ending(
                key=self.reader.key(given.get("key"), f"{path}.key", taken),
                title=self.reader.text(given.get("title"), f"{path}.title", 200),
                text=self.reader.text(given.get("text"), f"{path}.text", 20_000),
                redirect=self.reader.address(given.get("redirect"), f"{path}.redirect"),
                is_screen_out=self.reader.boolean(
                    given.get("is_screen_out"), f"{path}.is_screen_out", otherwise=False
                ),
                show_if=self.reader.logic(given.get("show_if"), f"{path}.show_if"),
            )

    def quotas(self, value: object) -> Iterator[Quota]:
        """How many of whom are wanted."""
        taken: set[str] = set()
        for path, part in self.reader.each(value, "quotas", MAX_QUOTAS, "quotas"):
            given = self.reader.mapping(part, path, _names(Quota))
            limit = self.reader.whole(given.get("limit"), f"{path}.limit", least=0)
            if limit is None:
                self.reader.refuse(f"{path}.limit", "Write how many responses are wanted.")
            yield Quota(
                key=self.reader.key(given.get("key"), f"{path}.key", taken),
                title=self.reader.text(given.get("title"), f"{path}.title", 200),
                limit=limit or 0,
                when=self.reader.logic(given.get("when"), f"{path}.when"),
                action=self.reader.option(
                    given.get("action"), f"{path}.action", ("end", "continue")
                ),
                ending=self.reader.name(given.get("ending"), f"{path}.ending"),
            )

    def unresolved(self, value: object) -> Iterator[Unresolved]:
        """What an import left for a person to decide."""
        for path, part in self.reader.each(value, "unresolved", MAX_UNRESOLVED, "open points"):
            given = self.reader.mapping(part, path, _names(Unresolved))
            yield Unresolved(
                path=self.reader.text(given.get("path"), f"{path}.path", 300),
                text=self.reader.text(given.get("text"), f"{path}.text", 20_000),
                reason=self.reader.text(given.get("reason"), f"{path}.reason", 2000),
            )

    def check_references(self, made: Definition) -> None:
        """Refuse names that lead nowhere: blocks, randomizers, pages, endings, carried questions."""
        blocks = {block.key for block in made.blocks}
        randomizers = {each.key for each in made.randomizers}
        endings = {each.key for each in made.endings}
        goals = {page.key for page in made.pages} | endings | {THE_END}
        refuse = self.reader.refuse
        fields = {each.key for each in made.data}
        for i, randomizer in enumerate(made.randomizers):
            if randomizer.key in fields:
                refuse(
                    f"randomizers[{i}].key",
                    f"A data field is called {randomizer.key!r} too; what was drawn is kept with them.",
                )
        for i, block in enumerate(made.blocks):
            if block.randomizer and block.randomizer not in randomizers:
                refuse(f"blocks[{i}].randomizer", _no("randomizer", block.randomizer))
        for i, quota in enumerate(made.quotas):
            if quota.ending and quota.ending not in endings:
                refuse(f"quotas[{i}].ending", _no("ending", quota.ending))
        for i, page in enumerate(made.pages):
            if page.block and page.block not in blocks:
                refuse(f"pages[{i}].block", _no("block", page.block))
            for j, skip in enumerate(page.skips):
                if skip.to and skip.to not in goals:
                    refuse(f"pages[{i}].skips[{j}].to", _no("page or ending", skip.to))
        self._check_carried(made)
        for path, message in loading_loops.problems(made):
            refuse(path, message)

    def _check_carried(self, made: Definition) -> None:
        before: dict[str, Question] = {}
        for i, page in enumerate(made.pages):
            for j, question in enumerate(page.questions):
                for name, carry in (
                    ("choices_from", question.choices_from),
                    ("rows_from", question.rows_from),
                ):
                    if carry is None or not carry.question:
                        continue
                    path = f"pages[{i}].questions[{j}].{name}.question"
                    source = before.get(carry.question)
                    if source is None:
                        self.reader.refuse(
                            path, f"No earlier question is called {carry.question!r}."
                        )
                    elif not (source.choices or source.rows or source.choices_from):
                        self.reader.refuse(
                            path, f"The question {carry.question!r} has no choices to take over."
                        )
                before[question.key] = question


def _no(what: str, name: str) -> str:
    return f"There is no {what} called {name!r}."
