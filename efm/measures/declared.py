"""The measures there are: what each says, in which unit, for which period, by which SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from efm.measures.parameters import Parameter
from efm.measures.relations import ENTITIES, PERIOD, prelude

UNITS: Mapping[str, str] = MappingProxyType(
    {
        "money": "money, each currency apart",
        "number": "a number",
        "days": "days",
        "flag": "0 or 1",
    }
)
PERIODS = (("month", "each month"), ("quarter", "each quarter"), ("none", "all time, as of today"))
LEFT_OUT = [
    "abandoned", "cancel", "canceled", "cancelled", "declined", "draft", "expired", "failed",
    "quotation", "quote", "refunded", "rejected", "returned", "sent", "void", "voided",
]  # fmt: skip
SERVICE = ["case", "complaint", "support", "support_contact", "ticket"]
_WITHOUT = Parameter(
    "without", "connections", "Connections left out", [],
    "Choose a connection when another one tells of the same sales.",
)  # fmt: skip
_STATES = Parameter(
    "left_out", "words", "Orders left out", LEFT_OUT,
    "The states of orders that do not count, as the source calls them, parted by commas.",
)  # fmt: skip
_KINDS = Parameter(
    "kinds", "words", "Contacts of service", SERVICE,
    "The kinds of interactions that count, parted by commas.",
)  # fmt: skip
_BELOW = Parameter(
    "with_below", "flag", "An account’s value has that of the accounts under it in it", True
)
_SALES = (
    "A sale counts once: of a connection that has posted invoices (open or paid) those count, on the"
    " day of issue, with credit notes as negative amounts; of any other connection its orders count,"
    " on the day of ordering. Refunds of posted invoices are taken off where the connection has no"
    " credit notes."
)


def _period(default: str = "month") -> Parameter:
    return Parameter("period", "choice", "Period", default, choices=PERIODS)


@dataclass(frozen=True)
class Measure:
    """One measure. `sql` gives customer_id, period_start, value, currency and facts (how many).

    `rule` says in words what counts; `none` and `not_counted` why a customer has no value: nothing is
    known, or nothing of it counts. `tables` hold the facts. `is_daily`: it changes as days pass.
    """

    name: str
    label: str
    kind: str
    rule: str
    sql: str
    tables: tuple[str, ...]
    none: str
    not_counted: str
    parameters: tuple[Parameter, ...]
    is_daily: bool = False
    is_on: bool = True
    entities: tuple[str, ...] = ENTITIES

    def metric(self, entity: str) -> str:
        """The name its measurements carry; contacts and accounts have each their own."""
        return f"derived_{self.name}" if entity == "contact" else f"derived_account_{self.name}"

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The parameters as declared."""
        return {each.name: each.default for each in self.parameters}

    def period(self, values: Mapping[str, Any]) -> str:
        """Month, quarter or none."""
        return str(values.get("period", "none"))

    def whole_sql(self, entity: str) -> str:
        """The SQL with the relations it is written over: all that is asked."""
        return f"{prelude(self.sql, entity)}\n{self.sql}"


_DECLARED = (
    Measure(
        "revenue", "Revenue", "money", _SALES,
        f"""SELECT customer_id, {PERIOD} AS period_start, sum(amount_minor) AS value, currency,
    count(*) AS facts
FROM sales GROUP BY 1, 2, 4""",
        ("orders", "invoices", "interactions"),
        "no order and no invoice", "orders or invoices, but none that counts",
        (_period(), _STATES, _WITHOUT, _BELOW),
    ),
    Measure(
        "margin", "Margin", "money",
        "Either a percentage of revenue, or what the lines of counted orders brought less what they"
        " cost. An order counts when each of its lines tells amount and cost.",
        f"""SELECT customer_id, {PERIOD} AS period_start, sum(amount) AS value, currency,
    count(*) AS facts
FROM (
    SELECT customer_id, day, currency, amount_minor * CAST(:percent AS numeric) / 100 AS amount
    FROM sales WHERE :source = 'percent'
    UNION ALL
    SELECT o.customer_id, o.day, l.currency, sum(l.amount_minor - l.cost)
    FROM counted_orders o CROSS JOIN LATERAL (
        SELECT currency, amount_minor, cost * power(
            CAST(10 AS numeric), coalesce(CAST(CAST(:digits AS jsonb) ->> currency AS integer), 2)
        ) * CASE WHEN :cost_of = 'piece' THEN quantity ELSE 1 END AS cost
        FROM (
            SELECT currency, amount_minor, quantity,
                CASE WHEN attributes ->> :cost_name ~ '^-?[0-9]{{1,12}}([.][0-9]{{1,6}})?$'
                THEN CAST(attributes ->> :cost_name AS numeric) END AS cost
            FROM order_lines WHERE connection_id = o.connection_id
                AND order_external_id = o.external_id
        ) line
    ) l
    WHERE :source = 'lines'
    GROUP BY o.customer_id, o.connection_id, o.external_id, o.day, l.currency
    HAVING bool_and(l.amount_minor IS NOT NULL AND l.cost IS NOT NULL)
) made GROUP BY 1, 2, 4""",
        ("orders", "invoices", "interactions"),
        "no order and no invoice", "nothing that counts, or lines that do not tell their cost",
        (
            _period(),
            Parameter(
                "source", "choice", "Where margin comes from", "percent",
                choices=(("percent", "A percentage of revenue"),
                         ("lines", "What each order line cost")),
            ),
            Parameter("percent", "percent", "Percentage of revenue", None, "Such as 35."),
            Parameter(
                "cost_name", "word", "Attribute with the cost", "cost",
                "The name of the order line’s attribute, in the line’s currency.",
            ),
            Parameter(
                "cost_of", "choice", "That cost is", "line",
                choices=(("line", "of the whole line"), ("piece", "of one piece")),
            ),
            _STATES, _WITHOUT, _BELOW,
        ),
        is_on=False,
    ),
    Measure(
        "cost_to_serve", "Cost to serve", "money",
        "Each contact of service costs the price of its channel, or the general price, and its"
        " minutes the price of a minute.",
        f"""SELECT customer_id, {PERIOD} AS period_start, round(sum(
        coalesce(CAST(CAST(:prices AS jsonb) ->> channel AS numeric), :per_contact, 0)
        + coalesce(:per_minute, 0) * seconds / 60)) AS value,
    CAST(:currency AS text) AS currency, count(*) AS facts
FROM service_contacts GROUP BY 1, 2""",
        ("interactions",),
        "no interaction", "interactions, but no contact of service",
        (
            _period(),
            Parameter("currency", "currency", "Currency of the prices", "", "Such as EUR."),
            Parameter("per_contact", "price", "Price of a contact", None, "Such as 4.50."),
            Parameter("prices", "prices", "Price by channel", {}, "One a line: phone = 6.00"),
            Parameter("per_minute", "price", "Price of a minute", None, "Such as 0.80."),
            _KINDS, _BELOW,
        ),
        is_on=False,
    ),
    Measure(
        "tenure_days", "Tenure", "days",
        "Days from the first counted order, posted invoice or contract to today. Of a customer whose"
        " contracts have all ended: to the last of them, or to the last order or invoice after it."
        " Days before 1970 and in the future are not believed.",
        """SELECT customer_id, CAST(:as_of AS date) AS period_start,
    CASE WHEN bool_and(last_on <= :as_of) AND bool_or(is_contract) THEN max(last_on)
    ELSE CAST(:as_of AS date) END - min(first_on) AS value,
    CAST(NULL AS text) AS currency, count(*) AS facts
FROM relations WHERE first_on <= :as_of GROUP BY 1""",
        ("orders", "invoices", "interactions", "subscriptions"),
        "no order, invoice or contract", "facts, but none that counts",
        (_STATES, _WITHOUT, _BELOW),
        is_daily=True,
    ),
    Measure(
        "renewal", "Renewal", "flag",
        "1 when every contract whose term came to its end in the period went on, 0 when one ended. A"
        " contract that ended counts as renewed when another one of the customer began within the"
        " days of grace; until they have passed, nothing is said. Trials do not count, and terms"
        " are looked at for ten years.",
        f"""SELECT customer_id, {PERIOD} AS period_start, CAST(bool_and(is_renewed) AS integer) AS value,
    CAST(NULL AS text) AS currency, count(*) AS facts
FROM (
    SELECT b.customer_id, CAST(term_end AS date) AS day, true AS is_renewed
    FROM contracts b
    CROSS JOIN LATERAL (SELECT CAST('1 ' || CASE WHEN :term <> 'own' THEN :term
        WHEN b.every IN ('quarter', 'year') THEN b.every ELSE 'month' END AS text) AS term) t
    CROSS JOIN LATERAL (SELECT CASE t.term WHEN '1 quarter' THEN INTERVAL '3 months'
        WHEN '1 year' THEN INTERVAL '1 year' ELSE INTERVAL '1 month' END AS term) u
    CROSS JOIN LATERAL generate_series(
        CASE WHEN b.renews_on > b.started_on THEN b.renews_on - u.term
        ELSE b.started_on + u.term END,
        CASE WHEN b.renews_on > b.started_on
        THEN greatest(b.started_on + 1, CAST(:as_of AS date) - 3650)
        ELSE CAST(:as_of AS date) END,
        CASE WHEN b.renews_on > b.started_on THEN -u.term ELSE u.term END) AS s (term_end)
    WHERE term_end <= :as_of AND term_end >= CAST(:as_of AS date) - 3650
        AND (b.ended_on IS NULL OR term_end < b.ended_on - CAST(:grace AS integer))
    UNION ALL
    SELECT b.customer_id, b.ended_on, is_followed
    FROM contracts b CROSS JOIN LATERAL (SELECT EXISTS (
        SELECT FROM contracts n WHERE n.customer_id = b.customer_id AND n.id <> b.id
            AND n.started_on BETWEEN b.ended_on - CAST(:grace AS integer)
            AND b.ended_on + CAST(:grace AS integer)
            AND (n.ended_on IS NULL OR n.ended_on > b.ended_on)) AS is_followed) f
    WHERE b.ended_on >= CAST(:as_of AS date) - 3650 AND b.ended_on <= :as_of
        AND (is_followed OR b.ended_on + CAST(:grace AS integer) < :as_of)
) ends GROUP BY 1, 2""",
        ("subscriptions",),
        "no contract", "contracts, but no term that came to its end",
        (
            Parameter("period", "choice", "Period", "month", choices=PERIODS[:2]),
            Parameter(
                "term", "choice", "A term lasts", "year",
                "How often an amount is due does not tell how long a contract binds.",
                choices=(("year", "a year"), ("quarter", "a quarter"), ("month", "a month"),
                         ("own", "as long as the contract’s own interval")),
            ),
            Parameter("grace", "days", "Days of grace", 30),
            _BELOW,
        ),
        is_daily=True,
    ),
    Measure(
        "orders", "Orders", "number",
        "Counted orders by the day of ordering. A period without one has no value.",
        f"""SELECT customer_id, {PERIOD} AS period_start, count(*) AS value,
    CAST(NULL AS text) AS currency, count(*) AS facts
FROM counted_orders GROUP BY 1, 2""",
        ("orders", "interactions"), "no order", "orders, but none that counts",
        (_period(), _STATES, _WITHOUT, _BELOW),
    ),
    Measure(
        "tickets", "Tickets", "number",
        "Contacts of service by the day they happened. A period without one has no value.",
        f"""SELECT customer_id, {PERIOD} AS period_start, count(*) AS value,
    CAST(NULL AS text) AS currency, count(*) AS facts
FROM service_contacts GROUP BY 1, 2""",
        ("interactions",), "no interaction", "interactions, but no contact of service",
        (_period(), _KINDS, _BELOW),
    ),
    Measure(
        "days_since_last_order", "Days since the last order", "days",
        "Days from the last counted order to today; orders of days to come are not looked at.",
        """SELECT customer_id, CAST(:as_of AS date) AS period_start,
    CAST(:as_of AS date) - max(day) AS value, CAST(NULL AS text) AS currency, count(*) AS facts
FROM counted_orders WHERE day <= :as_of GROUP BY 1""",
        ("orders", "interactions"), "no order", "orders, but none that counts",
        (_STATES, _WITHOUT, _BELOW),
        is_daily=True,
    ),
)  # fmt: skip
MEASURES: Mapping[str, Measure] = MappingProxyType({each.name: each for each in _DECLARED})
