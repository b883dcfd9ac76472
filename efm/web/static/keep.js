// Charts that are already drawn stay on the page while a fragment around them is swapped, so nothing flickers.

export function keepDrawings(before, after) {
  for (const fresh of after.querySelectorAll("[data-chart]")) {
    const drawn = before.querySelector(`[data-chart="${CSS.escape(fresh.dataset.chart)}"][data-drawn]`);
    if (!drawn) continue;
    drawn.dataset.again = "yes";
    drawn.dataset.chartLabel = fresh.dataset.chartLabel ?? "";
    fresh.replaceWith(drawn);
  }
}
