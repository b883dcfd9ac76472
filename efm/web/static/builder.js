// The builder made instant: saves as one goes, keeps focus and open parts, reloads the preview, drags and moves by keys.

const frame = document.getElementById("preview");
const builder = document.getElementById("builder");
const byId = (id) => document.getElementById(id);
window.htmx.config.historyCacheSize = 0;
window.htmx.config.refreshOnHistoryMiss = true;

function showPreview() {
  const wanted = new URL(byId("settings").dataset.preview, location.href);
  const inside = frame.contentWindow;
  const isSame = inside.location.pathname + inside.location.search === wanted.pathname + wanted.search;
  inside.location.replace(wanted.href);
  if (isSame) inside.location.reload();
}

/** All forms of the page speak of the newest revision. */
function followRevision() {
  const { revision } = byId("builder-bar").dataset;
  for (const field of document.querySelectorAll('#outline [name="revision"], #settings [data-autosave] [name="revision"]')) field.value = revision;
}

function openOnes(root) {
  return new Map([...root.querySelectorAll("details[data-keep]")].map((one) => [one.dataset.keep, one.open]));
}

function restore(open) {
  for (const one of builder.querySelectorAll("details[data-keep]")) {
    if (open.has(one.dataset.keep)) one.open = open.get(one.dataset.keep);
  }
}

/** Bring what was swapped in to life. */
function settle() {
  followRevision();
  startSorting();
  for (const note of document.querySelectorAll("[data-autosave-note]")) note.hidden = false;
  for (const button of document.querySelectorAll("[data-autosave] #save")) button.hidden = true;
}

function takeFocus() {
  if (document.activeElement !== document.body) return;
  const text = byId("field-text");
  if (text && /^New (question|statement)$/.test(text.value)) {
    text.focus();
    text.select();
  } else {
    (document.querySelector("#settings [autofocus]") ?? byId("settings-title"))?.focus({ preventScroll: true });
  }
}

// ---- Saving as one goes: the form itself is left alone, so nothing that is being typed can be lost. ----
let queue = Promise.resolve();
let pending = null;

async function save(form) {
  if (!form.isConnected) return;
  const sent = new URLSearchParams(new FormData(form));
  for (const name of [...sent.keys()]) if (/^(new|paste)\./.test(name)) sent.delete(name);
  const reply = await fetch(form.action, { method: "POST", body: sent, credentials: "same-origin" });
  if (!reply.ok && ![409, 422].includes(reply.status)) throw new Error(`Saving answered ${reply.status}`);
  const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
  const parts = reply.status === 409 ? ["outline", "builder-bar", "settings"] : ["outline", "builder-bar", "problems"];
  const open = openOnes(builder);
  for (const id of parts) {
    const part = fresh.getElementById(id);
    if (!part || !byId(id)) continue;
    byId(id).replaceWith(part);
    window.htmx.process(part);
  }
  restore(open);
  settle();
  if (reply.ok) showPreview();
  if (reply.status === 409) byId("settings-title").focus();
}

function tell(words) {
  for (const note of document.querySelectorAll("[data-autosave-note]")) note.textContent = words;
}

function saveSoon(form, delay) {
  clearTimeout(pending);
  pending = setTimeout(() => {
    queue = queue.then(() => save(form)).then(
      () => tell("Saved as you go"),
      () => tell("Not saved just now. Go on; it is tried again with the next change."),
    );
  }, delay);
}

builder.addEventListener("change", (event) => {
  const form = event.target.form;
  if (!form?.matches("[data-autosave]") || /^(new|paste)\./.test(event.target.name)) return;
  if (event.target.closest("[data-refresh]")) form.requestSubmit();
  else saveSoon(form, 50);
});
builder.addEventListener("input", (event) => {
  const form = event.target.form;
  if (form?.matches("[data-autosave]:not([data-refresh])") && event.target.matches("input, textarea") && !/^(new|paste)\./.test(event.target.name)) saveSoon(form, 1200);
});
builder.addEventListener("submit", () => clearTimeout(pending), true);

// ---- htmx: refusals are shown like any answer. ----
let kept = new Map();
document.body.addEventListener("htmx:beforeSwap", (event) => {
  if ([409, 422].includes(event.detail.xhr.status)) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
  kept = openOnes(builder);
});
document.body.addEventListener("htmx:afterSettle", (event) => {
  if (!builder.contains(event.target) && event.target.id !== "outline") return;
  restore(kept);
  settle();
  showPreview();
  takeFocus();
  const view = builder.querySelector('.builder-views [value="settings"]');
  if (view) view.checked = true;
});

// ---- Dragging. ----
function startSorting() {
  if (!window.Sortable) return;
  for (const list of builder.querySelectorAll("[data-sort]:not([data-sorts])")) {
    list.dataset.sorts = "yes";
    const isLine = list.dataset.sort === "line";
    window.Sortable.create(list, {
      handle: "[data-handle]",
      forceFallback: true,
      group: isLine ? undefined : list.dataset.sort,
      animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
      onEnd: (event) => (isLine ? sortLines(list) : drop(event)),
    });
  }
}

function drop(event) {
  if (event.from === event.to && event.oldDraggableIndex === event.newDraggableIndex) return;
  const { elements } = byId("drop-form");
  elements.dragged.value = event.item.dataset.at;
  elements.page.value = event.to.dataset.page ?? "";
  elements.place.value = event.newDraggableIndex;
  byId("drop-form").requestSubmit();
}

function sortLines(list) {
  const form = list.closest("form");
  form.elements.which.value = list.closest("[data-lines]").dataset.lines;
  form.elements.keys.value = [...list.children].map((line) => line.dataset.key).join(" ");
  form.requestSubmit(form.querySelector("[data-sorted]"));
}

// ---- Keys: arrows walk the outline, with Alt they move what is focused; Ctrl+Z undoes outside of fields. ----
function walk(event) {
  const links = [...byId("outline").querySelectorAll("a.outline-link")].filter((link) => link.offsetParent);
  const place = links.indexOf(event.target);
  if (place < 0) return;
  event.preventDefault();
  const way = event.key === "ArrowUp" ? "up" : "down";
  if (event.altKey) byId(`${way}-${event.target.id.replace("go-", "")}`)?.click();
  else links[place + (way === "up" ? -1 : 1)]?.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "ArrowUp" || event.key === "ArrowDown") walk(event);
  if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
  if (event.target.closest("input:not([type=radio]):not([type=checkbox]), textarea")) return;
  event.preventDefault();
  byId(event.shiftKey ? "redo" : "undo").click();
});

// Many lines pasted into the line for one new choice become as many choices.
builder.addEventListener("paste", (event) => {
  const box = event.target.closest("[data-paste]");
  const text = event.clipboardData?.getData("text/plain") ?? "";
  if (!box || !text.trim().includes("\n")) return;
  event.preventDefault();
  byId(box.dataset.paste).value = text;
  box.form.requestSubmit();
});

settle();
