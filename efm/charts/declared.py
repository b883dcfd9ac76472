"""The declarations of all charts, in Altair; `python -m efm.charts.declared` writes their files.

Colours are roles of the page ("role:positive"), which the browser turns into those of the theme.
Steps of time are ordinal: a day given as a date must not move with the viewer's time zone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import altair as alt

from efm.charts.course import course

Chart: TypeAlias = alt.LayerChart | alt.FacetChart

SPECS = Path(__file__).parent / "specs"

# Each metric's groups on its scale, with their roles: the same colours everywhere.
_GROUPS: Mapping[str, tuple[str, str, str]] = {
    "nps": ("Detractors", "Passives", "Promoters"),
    "csat": ("Dissatisfied", "Neutral", "Satisfied"),
    "ces": ("Difficult", "Neutral", "Easy"),
}
_ROLES = ["role:negative", "role:neutral", "role:positive"]
# As numbers are written everywhere else: "60 %", a minus that is one.
_NUMBER: Mapping[str, str] = {
    "nps": "format(datum.value, '.0f')",
    "csat": "format(100 * datum.value, '.0f') + ' %'",
    "ces": "format(datum.value, '.1f')",
}
_TITLE: Mapping[str, str] = {"nps": "NPS", "csat": "CSAT", "ces": "CES"}
# Every step has its place, so a day is under its own point; a day is written as of UTC.
_DAYS = alt.Axis(labelOverlap=True, labelAngle=0, labelExpr="utcFormat(toDate(datum.value), form)")
_TOOLTIP = [
    alt.Tooltip("label:N", title="When"),
    alt.Tooltip("shown:N", title="Value"),
    alt.Tooltip("interval:N", title="95 % interval"),
    alt.Tooltip("n:Q", title="n", format=","),
]


def trend(metric: str) -> Chart:
    """Rows: since, value, low, high, label, shown, interval, n, told; value None is a gap.

    The last value is written `told` "above" or "below" its point, where the line does not run.
    """
    bottom, top = alt.param(name="bottom", value=-100), alt.param(name="top", value=100)
    form = alt.param(name="form", value="%-d %b")
    scale = alt.Scale(
        domainMin=alt.ExprRef("bottom"), domainMax=alt.ExprRef("top"), zero=False, nice=False
    )
    axis = alt.Axis(labelExpr=_NUMBER[metric], tickCount=5)
    chart = alt.Chart(alt.NamedData("rows"), height=220).encode(
        x=alt.X("since:O", title=None, axis=_DAYS),
    )
    value = alt.Y("value:Q", title=_TITLE[metric], scale=scale, axis=axis)
    low = alt.Y("low:Q", title=_TITLE[metric], scale=scale, axis=axis)
    return alt.layer(
        chart.mark_area(opacity=0.16).encode(y=low, y2="high:Q"),
        chart.mark_rule(opacity=0.45).encode(y=low, y2="high:Q"),
        chart.mark_line().encode(y=value),
        chart.mark_point().encode(y=value, tooltip=_TOOLTIP),
        *(
            chart.transform_filter(f"datum.told == '{where}'")
            .mark_text(align="right", dy=away, fontWeight=600)
            .encode(y=value, text="shown:N")
            for where, away in (("above", -12), ("below", 16))
        ),
    ).add_params(bottom, top, form)


def scale(metric: str) -> Chart:
    """Rows: answer, responses, group, share, per_cent (over the bar)."""
    groups = list(_GROUPS[metric])
    chart = alt.Chart(alt.NamedData("rows"), height=200).encode(
        x=alt.X("answer:O", title=None, axis=alt.Axis(labelAngle=0)),
        y=alt.Y(
            "responses:Q", title="Answers", axis=alt.Axis(tickCount=4, tickMinStep=1, format="~s")
        ),
    )
    return alt.layer(
        chart.mark_bar(cornerRadiusEnd=2).encode(
            color=alt.Color(
                "group:N",
                title=None,
                sort=groups,
                scale=alt.Scale(domain=groups, range=_ROLES),
            ),
            tooltip=[
                alt.Tooltip("answer:O", title="Answer"),
                alt.Tooltip("responses:Q", title="Answers", format=","),
                alt.Tooltip("share:N", title="Share"),
                alt.Tooltip("group:N", title="Group"),
            ],
        ),
        chart.mark_text(dy=-7).encode(text="per_cent:N"),
    )


def parts(metric: str) -> Chart:
    """Rows in the order to be drawn: label, value, low, high, shown, interval, n, is_drawn."""
    bottom, top = alt.param(name="bottom", value=-100), alt.param(name="top", value=100)
    scale = alt.Scale(
        domainMin=alt.ExprRef("bottom"), domainMax=alt.ExprRef("top"), zero=False, nice=False
    )
    axis = alt.Axis(labelExpr=_NUMBER[metric], tickCount=5, grid=True)
    chart = (
        alt.Chart(alt.NamedData("rows"), height=200)
        .transform_filter("datum.is_drawn")
        .encode(y=alt.Y("label:N", title=None, sort=None, axis=alt.Axis(labelLimit=160)))
    )
    value = alt.X("value:Q", title=_TITLE[metric], scale=scale, axis=axis)
    low = alt.X("low:Q", title=_TITLE[metric], scale=scale, axis=axis)
    return alt.layer(
        chart.mark_rule(strokeWidth=2).encode(x=low, x2="high:Q"),
        chart.mark_point(size=70).encode(x=value, tooltip=_TOOLTIP),
        chart.mark_text(dy=-11, fontSize=11).encode(x=value, text="shown:N"),
    ).add_params(bottom, top)


def answers() -> Chart:
    """Rows: since, responses, label: how many responses came in each step."""
    form = alt.param(name="form", value="%-d %b")
    chart = alt.Chart(alt.NamedData("rows"), height=160).encode(
        x=alt.X("since:O", title=None, axis=_DAYS),
        y=alt.Y(
            "responses:Q", title="Responses", axis=alt.Axis(tickCount=4, tickMinStep=1, format="~s")
        ),
    )
    return alt.layer(
        chart.mark_bar(cornerRadiusEnd=2).encode(
            tooltip=[
                alt.Tooltip("label:N", title="When"),
                alt.Tooltip("responses:Q", title="Responses", format=","),
            ]
        )
    ).add_params(form)


def declarations() -> dict[str, Callable[[], Chart]]:
    """All charts by name."""
    found: dict[str, Callable[[], Chart]] = {"answers": answers, "course": course}
    for metric in _GROUPS:
        for kind in (trend, scale, parts):
            found[f"{kind.__name__}-{metric}"] = partial(kind, metric)
    return found


def written(chart: Chart) -> str:
    """The text of a chart's file: always the same for the same declaration."""
    spec: dict[str, Any] = chart.to_dict()
    spec.pop("config", None)  # How charts look is the page's affair.
    return json.dumps(spec, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all files."""
    SPECS.mkdir(exist_ok=True)
    for name, declare in declarations().items():
        (SPECS / f"{name}.json").write_text(written(declare()), encoding="utf-8")


if __name__ == "__main__":
    main()
