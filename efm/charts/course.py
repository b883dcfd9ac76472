"""The declaration of a customer's course: lanes over one time axis, each in a scale of its own."""

from __future__ import annotations

import altair as alt

_ROLES = ("accent", "positive", "neutral", "negative")
_TOOLTIP = [
    alt.Tooltip("label:N", title="When"),
    alt.Tooltip("line:N", title="What"),
    alt.Tooltip("shown:N", title="Value"),
    alt.Tooltip("n:Q", title="n", format=","),
]


def course() -> alt.LayerChart | alt.FacetChart:
    """Rows: part, since, lane, y, y2, role, line, label, shown, n; a lane is one unit of y high.

    `part` says how a row is drawn: slot (an empty step), bar, range, dot, or title (a lane's name,
    in `shown`). `ticks` are heights in those units and `words` what is written at them.
    """
    lanes, form = alt.param(name="lanes", value=1), alt.param(name="form", value="%b %Y")
    ticks, words = alt.param(name="ticks", value=[]), alt.param(name="words", value=[])
    scale = alt.Scale(domainMin=0, domainMax=alt.ExprRef("lanes"), nice=False, zero=False)
    axis = alt.Axis(
        values=alt.ExprRef("ticks"),
        labelExpr="words[indexof(ticks, datum.value)]",
        grid=True,
        labelLimit=70,
    )
    days = alt.Axis(
        labelOverlap=True, labelAngle=0, labelExpr="utcFormat(toDate(datum.value), form)"
    )
    y = alt.Y("y:Q", title=None, scale=scale, axis=axis)
    chart = alt.Chart(alt.NamedData("rows"), height=200)
    drawn = chart.encode(
        x=alt.X("since:O", title=None, axis=days, scale=alt.Scale(paddingInner=0.15)), y=y
    )
    colour = alt.Color(
        "role:N",
        legend=None,
        scale=alt.Scale(domain=list(_ROLES), range=[f"role:{role}" for role in _ROLES]),
    )

    def only(part: str, base: alt.Chart = drawn) -> alt.Chart:
        return base.transform_filter(f"datum.part == '{part}'")

    # The drawing has a name as a whole; a layer that happens to be empty would have none of its own.
    return alt.layer(
        only("slot").mark_point(size=0, opacity=0, aria=False),
        only("bar").mark_bar(aria=False).encode(y2="y2:Q", color=colour, tooltip=_TOOLTIP),
        only("range").mark_rule(strokeWidth=2, opacity=0.45, aria=False).encode(y2="y2:Q"),
        only("dot").mark_line(opacity=0.35, aria=False).encode(detail="lane:N"),
        only("dot").mark_point(aria=False).encode(color=colour, tooltip=_TOOLTIP),
        only("title", chart)
        .mark_text(align="left", baseline="middle", fontWeight=600, aria=False)
        .encode(x=alt.value(0), y=y, text="shown:N"),
    ).add_params(lanes, form, ticks, words)
