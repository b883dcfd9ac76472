// Keeps what is typed and sends it, also where the line breaks: nothing is lost, nothing arrives twice.
import { written } from "./answer-reading.js";
import { make, say, state } from "./answer-tell.js";

const DAY = 86_400_000;
const QUIET = 3_000;
// What is no larger is still sent when the page is left; browsers set that bound.
const SMALL = 60_000;
const FORM = "application/x-www-form-urlencoded";
const page = () => document.querySelector("main form");
const address = () => page().getAttribute("action") || location.href;
const link = () => location.pathname;
const pageKey = () => page().querySelector('[name="_page"]').value;
const encoded = (pairs) => new URLSearchParams(pairs).toString();

// This tab only: on a device that several people use the next one must not find it.
const shelf = {
  take(name) {
    try {
      const found = JSON.parse(sessionStorage.getItem(`${name} ${link()}`));
      return found && Date.now() - found.at < DAY ? found : null;
    } catch {
      return null;
    }
  },
  put(name, about, path = link()) {
    try {
      sessionStorage.setItem(`${name} ${path}`, JSON.stringify({ at: Date.now(), ...about }));
      return true;
    } catch {
      return false;
    }
  },
  clear(...names) {
    try {
      for (const name of names) sessionStorage.removeItem(`${name} ${link()}`);
    } catch {
      // A browser that keeps nothing has nothing to clear.
    }
  },
};

// A survey that is only tried out keeps nothing.
let rehearsal = "";
let isBegun = false;
let isSending = false;
let isOut = false;
let isLeaving = false;
let changedAt = 0;
let saving = null;
let pressed = "";
let attempt = 0;
let again = 0;

/** What was typed here before: after a reload or a step back, never for who opens the link anew. */
export function restored() {
  const kind = performance.getEntriesByType("navigation")[0]?.type;
  const found = shelf.take("typed");
  if (found?.page === pageKey() && ["reload", "back_forward"].includes(kind)) return found.fields;
  shelf.clear("typed");
  return null;
}

function typedNow() {
  return written(page()).filter(([name]) => !name.startsWith("_") || name === "_seen");
}

async function save() {
  if (rehearsal || !changedAt || isSending || isLeaving) return;
  const since = changedAt;
  changedAt = 0;
  if (!isBegun) {
    if (shelf.put("typed", { page: pageKey(), fields: typedNow() })) state(say("script.kept_here"));
    return;
  }
  const body = encoded([...new FormData(page()), ["_go", "keep"]].filter(([, value]) => typeof value === "string"));
  saving = fetch(address(), { method: "POST", headers: { "Content-Type": FORM }, body, redirect: "manual", keepalive: body.length < SMALL }).catch(() => null);
  const reply = await saving;
  saving = null;
  if (reply?.status === 204) state(say("script.saved"));
  // Without a line it is tried again with the next change, or when the page is left.
  if (!reply) changedAt ||= since;
}

let timer = 0;
export function noteChange() {
  changedAt = Date.now();
  clearTimeout(timer);
  timer = setTimeout(save, QUIET);
}

/** Keep what is typed on a page whose answers may be saved before they are sent (`begun`), or in this tab. */
export function startKeeping(begun, tried) {
  isBegun = begun;
  rehearsal = tried;
  const leave = () => document.visibilityState === "hidden" && save();
  document.addEventListener("visibilitychange", leave);
  addEventListener("pagehide", save);
  addEventListener("online", () => attempt && deliver());
  addEventListener("pageshow", (event) => {
    if (event.persisted) free();
  });
  if (shelf.take("arrived")) {
    shelf.clear("arrived");
    state(say("script.arrived"));
  }
  if (shelf.take("waiting")) deliver();
}

function free() {
  isSending = isLeaving = false;
  page().removeAttribute("aria-busy");
}

/** Send the form, once, with the button that was pressed. */
export async function send(go) {
  if (rehearsal === "look") return state(say("rehearsal.in_order"));
  if (isSending) return;
  isSending = true;
  page().setAttribute("aria-busy", "true");
  const slow = setTimeout(() => state(say("script.sending")), 1_000);
  await saving;
  const form = new FormData(page());
  form.append("_go", go);
  const hasFiles = [...form.values()].some((each) => typeof each !== "string");
  // Files are too much for a tab to keep; they are sent as browsers send them.
  if (hasFiles || rehearsal) return natively(go);
  pressed = go;
  shelf.put("waiting", { body: encoded([...form]) });
  await deliver();
  clearTimeout(slow);
}

/** Hand what waits to the server; while the line is broken, try again now and then. */
async function deliver() {
  clearTimeout(again);
  if (isOut) return;
  // What was mended while it waited goes with it; after a reload what waits is all there is, under its own key.
  const waits = shelf.take("waiting");
  const body = pressed ? encoded([...new FormData(page()), ["_go", pressed]]) : waits.body;
  isSending = isOut = true;
  let reply = null;
  try {
    reply = await fetch(address(), { method: "POST", headers: { "Content-Type": FORM }, body, keepalive: body.length < SMALL, signal: AbortSignal.timeout(30_000) });
  } catch {
    reply = null;
  } finally {
    isOut = false;
  }
  if (!reply || reply.status >= 500 || reply.status === 429) return later();
  shelf.clear("waiting", "typed");
  // What waited since before this page was opened and is no longer taken must not send this page's form instead.
  if (!reply.redirected) return pressed ? natively(pressed) : free();
  // The thanks say that all has arrived; a page in between is told to.
  const { pathname } = new URL(reply.url);
  if ((attempt || !pressed) && !pathname.endsWith("/thanks")) shelf.put("arrived", {}, pathname);
  isLeaving = true;
  location.assign(reply.url);
}

function later() {
  free();
  attempt += 1;
  state(say("script.offline"));
  again = setTimeout(deliver, Math.min(60_000, 1_000 * 2 ** attempt) * (0.9 + Math.random() * 0.2));
}

/** The server has something to say about the form: let the browser show its page. */
function natively(go) {
  document.querySelector(".go").append(make("input", { type: "hidden", name: "_go", value: go }));
  isLeaving = true;
  HTMLFormElement.prototype.submit.call(page());
}
