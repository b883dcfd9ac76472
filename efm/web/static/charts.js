// Draws charts with Vega-Lite under a strict content policy. If anything fails, the table twin is opened instead.
import { themeConfig, paint, numberLocale, timeLocale } from "./chart-theme.js";

const views = new Map();
let library = null;

function script(name) {
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = new URL(`./vendor/${name}`, import.meta.url).href;
    element.onload = resolve;
    element.onerror = () => reject(new Error(`${name} did not load`));
    document.head.append(element);
  });
}

/** The drawing library is fetched once, and only on pages that have a chart. */
function load() {
  library ??= (async () => {
    await script("vega-6.4.0.min.js");
    await script("vega-lite-6.4.1.min.js");
    const { expressionInterpreter } = await import("./vendor/vega-interpreter-2.3.2.js");
    const language = document.documentElement.lang || "en";
    window.vega.formatLocale(numberLocale(language));
    window.vega.timeFormatLocale(timeLocale(language));
    return { vega: window.vega, vegaLite: window.vegaLite, expressionInterpreter };
  })();
  return library;
}

async function spec(area) {
  const known = views.get(area);
  const headers = known?.etag ? { "If-None-Match": known.etag } : {};
  const reply = await fetch(area.dataset.chart, { headers, cache: "no-store", credentials: "same-origin" });
  if (reply.status === 304) return { ...known, isSame: true };
  if (!reply.ok) {
    await reply.body?.cancel();
    throw new Error(`The chart answered ${reply.status}`);
  }
  return { spec: await reply.json(), etag: reply.headers.get("ETag") ?? "" };
}

/** Vega-Lite fits simple charts to "container"; here the width is given in pixels, so composed charts fit too. */
function fitted(source, area) {
  const fit = structuredClone(source);
  const width = Math.max(160, Math.floor(area.clientWidth));
  if (!fit.hconcat && !fit.facet && !fit.columns) {
    for (const part of fit.vconcat ?? [fit]) part.width = width;
    fit.autosize = { type: fit.vconcat ? "pad" : "fit-x", contains: "padding" };
  }
  return fit;
}

async function draw(area, force) {
  const { vega, vegaLite, expressionInterpreter } = await load();
  const found = await spec(area);
  if (found.isSame && !force) return;
  const styles = getComputedStyle(area);
  const source = paint(fitted(found.spec, area));
  const compiled = vegaLite.compile(source, { config: themeConfig(styles, area.clientWidth) }).spec;
  const runtime = vega.parse(compiled, undefined, { ast: true });
  views.get(area)?.view?.finalize();
  const box = document.createElement("div");
  const view = new vega.View(runtime, { expr: expressionInterpreter, renderer: "svg", container: box, hover: true, tooltip: tip(area), loader: closedLoader(vega) });
  await view.runAsync();
  const drawing = box.querySelector("svg");
  drawing.setAttribute("role", "img");
  drawing.setAttribute("aria-label", area.dataset.chartLabel || "Chart");
  area.replaceChildren(box);
  area.dataset.drawn = "yes";
  area.classList.remove("chart-failed");
  views.set(area, { spec: found.spec, etag: found.etag, view, width: area.clientWidth });
}

/** Specs carry their data; a chart never fetches anything by itself. */
function closedLoader(vega) {
  const loader = vega.loader();
  loader.load = loader.sanitize = () => Promise.reject(new Error("Charts carry their own data"));
  return loader;
}

/** A small box beside the pointer with the words of the spec's tooltip channel. */
function tip(area) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  return (_handler, event, _item, value) => {
    if (value === null || value === undefined || value === "") return box.remove();
    const lines = typeof value === "object" ? Object.entries(value).map(([name, one]) => `${name}: ${one}`) : [String(value)];
    box.replaceChildren(...lines.map((line) => Object.assign(document.createElement("p"), { textContent: line })));
    if (!box.isConnected) document.body.append(box);
    box.style.left = `${Math.min(event.clientX + 12, window.innerWidth - box.offsetWidth - 8)}px`;
    box.style.top = `${Math.min(event.clientY + 12, window.innerHeight - box.offsetHeight - 8)}px`;
    area.addEventListener("pointerleave", () => box.remove(), { once: true });
  };
}

function giveUp(area, error) {
  console.warn("A chart was not drawn:", error);
  if (views.has(area)) return;
  area.classList.add("chart-failed");
  const words = document.createElement("p");
  words.className = "muted";
  words.textContent = "The chart could not be drawn. The same figures are in the table below.";
  area.replaceChildren(words);
  const twin = area.closest("figure")?.querySelector("details.twin");
  if (twin) twin.open = true;
}

async function drawOne(area, force = false) {
  try {
    await draw(area, force);
    sizes.observe(area);
  } catch (error) {
    giveUp(area, error);
  }
}

let resizing = null;
const sizes = new ResizeObserver((entries) => {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    for (const { target } of entries) {
      const known = views.get(target);
      if (!target.isConnected) forget(target);
      else if (known && Math.abs(known.width - target.clientWidth) > 1) drawOne(target, true);
    }
  }, 150);
});

/** A chart whose place has left the page is let go, so that long-lived pages do not gather views. */
function forget(area) {
  views.get(area)?.view?.finalize();
  views.delete(area);
  sizes.unobserve(area);
}

export async function drawCharts(root) {
  const areas = [...root.querySelectorAll("[data-chart]")];
  if (root.matches?.("[data-chart]")) areas.push(root);
  for (const area of areas) {
    if (area.dataset.drawn && !area.dataset.again) continue;
    delete area.dataset.again;
    if (!area.dataset.drawn) area.querySelector(".chart-wait")?.replaceChildren("Drawing the chart…");
    await drawOne(area);
  }
}
