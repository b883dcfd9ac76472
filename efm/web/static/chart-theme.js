// How charts look: colours and type from the page's custom properties, numbers and dates in the page's language.

/** A role as the page knows it: drawings are SVG, so they follow the theme, and paper, without being drawn again. */
function colour(role) {
  return `var(--${role})`;
}

/** Specs name colours by role ("role:positive"); they become the colours of the theme in use. */
export function paint(value) {
  if (typeof value === "string") return value.startsWith("role:") ? colour(value.slice(5)) : value;
  if (Array.isArray(value)) return value.map(paint);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, key === "datasets" || key === "values" ? one : paint(one)]));
  }
  return value;
}

export function themeConfig(styles, width) {
  const font = styles.fontFamily;
  const muted = colour("muted");
  const line = colour("line");
  const text = colour("text");
  return {
    background: "transparent",
    font,
    padding: 2,
    view: { stroke: null },
    axis: {
      labelColor: muted, titleColor: muted, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400,
      gridColor: line, domainColor: line, tickColor: line, labelPadding: 6, titlePadding: 8,
    },
    axisX: { grid: false },
    axisY: { domain: false, ticks: false },
    legend: { labelColor: text, titleColor: muted, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400, orient: "top", columns: width < 360 ? 2 : 5 },
    header: { labelColor: text, titleColor: muted, labelFontSize: 12 },
    title: { color: text, fontSize: 14, anchor: "start" },
    text: { color: text, fontSize: 12 },
    bar: { color: colour("accent") },
    line: { color: colour("accent"), strokeWidth: 2 },
    point: { color: colour("accent"), filled: true, size: 50 },
    area: { color: colour("accent"), opacity: 0.18 },
    errorband: { color: colour("accent") },
    rule: { color: muted },
    range: { category: ["accent", "positive", "caution", "negative", "neutral"].map(colour) },
  };
}

export function numberLocale(language) {
  const parts = new Intl.NumberFormat(language, { useGrouping: true }).formatToParts(1234567.8);
  const find = (type, otherwise) => parts.find((part) => part.type === type)?.value ?? otherwise;
  return { decimal: find("decimal", "."), thousands: find("group", ","), grouping: [3], currency: ["", ""] };
}

export function timeLocale(language) {
  const names = (count, options, date) =>
    Array.from({ length: count }, (_, index) => new Intl.DateTimeFormat(language, { ...options, timeZone: "UTC" }).format(date(index)));
  const day = (index) => new Date(Date.UTC(2023, 0, 1 + index));
  const month = (index) => new Date(Date.UTC(2023, index, 15));
  return {
    dateTime: "%d %B %Y %H:%M", date: "%d.%m.%Y", time: "%H:%M", periods: ["AM", "PM"],
    days: names(7, { weekday: "long" }, day), shortDays: names(7, { weekday: "short" }, day),
    months: names(12, { month: "long" }, month), shortMonths: names(12, { month: "short" }, month),
  };
}
