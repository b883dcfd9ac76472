// Live parts: data-live="URL" data-every="1000" asks again with an ETag and swaps the fragment when it changed.
import { keepDrawings } from "./keep.js";

const running = new WeakSet();

class LivePart {
  constructor(element, enhance) {
    this.element = element;
    this.enhance = enhance;
    this.every = Math.max(500, Number(element.dataset.every) || 5000);
    this.etag = element.dataset.etag ?? "";
    this.failures = 0;
    this.wait();
  }

  wait() {
    const delay = Math.min(60_000, this.every * 2 ** Math.min(this.failures, 6));
    setTimeout(() => this.turn(), delay * (0.9 + Math.random() * 0.2));
  }

  async turn() {
    if (!this.element.isConnected) return;
    if (document.hidden) {
      document.addEventListener("visibilitychange", () => this.turn(), { once: true });
      return;
    }
    try {
      await this.ask();
      this.failures = 0;
      this.tell("");
    } catch {
      this.failures += 1;
      if (this.failures > 1) this.tell("Not updating just now. We keep trying; reload the page to see the latest.");
    }
    this.wait();
  }

  async ask() {
    const headers = { "X-Fragment": "yes" };
    if (this.etag) headers["If-None-Match"] = this.etag;
    const reply = await fetch(this.element.dataset.live, { headers, cache: "no-store", credentials: "same-origin", redirect: "error" });
    if (reply.status === 304) return;
    if (!reply.ok) {
      await reply.body?.cancel();
      throw new Error(`The live part answered ${reply.status}`);
    }
    const html = await reply.text();
    this.etag = reply.headers.get("ETag") ?? "";
    if (html === this.last) return;
    this.last = html;
    this.swap(html);
  }

  /** What has the focus or is being typed in is left alone until the next turn. */
  swap(html) {
    const focused = this.element.contains(document.activeElement) ? document.activeElement : null;
    if (focused?.matches("input, textarea, select")) {
      this.last = undefined;
      this.etag = "";
      return;
    }
    const open = new Set([...this.element.querySelectorAll("details[open]")].map((one) => one.dataset.keep || one.textContent.slice(0, 40)));
    const place = focused?.id || focused?.getAttribute("href");
    const fresh = document.createElement("template");
    fresh.innerHTML = html;
    keepDrawings(this.element, fresh.content);
    this.element.replaceChildren(fresh.content);
    for (const one of this.element.querySelectorAll("details")) {
      if (open.has(one.dataset.keep || one.textContent.slice(0, 40))) one.open = true;
    }
    if (place) this.element.querySelector(`#${CSS.escape(place)}, [href="${CSS.escape(place)}"]`)?.focus({ preventScroll: true });
    window.htmx?.process(this.element);
    this.enhance(this.element);
  }

  tell(words) {
    const note = document.querySelector(this.element.dataset.liveNote || "[data-live-note]");
    if (note && note.textContent !== words) note.textContent = words;
  }
}

export function startLive(root, enhance) {
  for (const element of root.querySelectorAll("[data-live]")) {
    if (running.has(element)) continue;
    running.add(element);
    new LivePart(element, enhance);
  }
}
