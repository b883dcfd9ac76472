// Times as people say them: "3 minutes ago", with the exact time in the viewer's zone on hover.

const language = document.documentElement.lang || "en";
const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
const exact = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" });
const short = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", year: "numeric" });
const steps = [["second", 45, 1], ["minute", 45 * 60, 60], ["hour", 22 * 3600, 3600], ["day", 13 * 86400, 86400]];

function say(moment, now) {
  const seconds = Math.round((moment - now) / 1000);
  for (const [unit, limit, size] of steps) {
    if (Math.abs(seconds) < limit) {
      return unit === "second" && Math.abs(seconds) < 10 ? relative.format(0, "second") : relative.format(Math.round(seconds / size), unit);
    }
  }
  return short.format(moment);
}

export function showTimes(root) {
  const now = Date.now();
  for (const time of root.querySelectorAll("time[data-relative]")) {
    const moment = Date.parse(time.dateTime);
    if (Number.isNaN(moment)) continue;
    const words = say(moment, now);
    if (time.textContent !== words) time.textContent = words;
    if (!time.title) time.title = exact.format(moment);
  }
}

export function keepTimesFresh() {
  setInterval(() => document.hidden || showTimes(document), 30_000);
  document.addEventListener("visibilitychange", () => document.hidden || showTimes(document));
}
