// Starts the small behaviours of the staff pages. Every page works without this file.
import { startTheme, startMenus, startSearch, startCopy, startSwatches, startFocus } from "./page.js";
import { startConfirm, startDirtyForms } from "./guards.js";
import { showTimes, keepTimesFresh } from "./times.js";
import { startLive } from "./live.js";

/** Bring one part of the page to life; called again for each part that is swapped in. */
async function enhance(root) {
  startCopy(root);
  startSwatches(root);
  startDirtyForms(root);
  showTimes(root);
  startLive(root, enhance);
  if (root.matches?.("[data-chart]") || root.querySelector("[data-chart]")) {
    const { drawCharts } = await import("./charts.js");
    await drawCharts(root);
  }
}

function addRequestToken(event) {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token) event.detail.headers["X-CSRF-Token"] = token;
}

startTheme();
startMenus();
startSearch();
startConfirm();
startFocus();
keepTimesFresh();
document.body.addEventListener("htmx:configRequest", addRequestToken);
document.body.addEventListener("htmx:load", (event) => {
  if (event.detail.elt !== document.body) enhance(event.detail.elt);
});
enhance(document.body);
