// Page manners: theme switch, menus, search key, copy buttons, first focus.

export function startTheme() {
  const box = document.querySelector("[data-theme-switch]");
  if (!box) return;
  const root = document.documentElement;
  const buttons = [...box.querySelectorAll("[data-theme-choice]")];
  const show = () => {
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === (root.dataset.theme ?? "auto")));
    }
  };
  box.hidden = false;
  show();
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const choice = button.dataset.themeChoice;
      if (choice === "auto") delete root.dataset.theme;
      else root.dataset.theme = choice;
      try {
        localStorage.setItem("theme", choice);
      } catch {
        // The choice then lasts for this page only.
      }
      show();
    });
  }
}

export function startMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const menu = document.activeElement?.closest("details.menu[open]") ?? document.querySelector("details.menu[open]");
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
}

/** "/" goes to the search box, unless somebody is typing. */
export function startSearch() {
  const search = document.querySelector("[data-search]");
  if (!search) return;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

export function startCopy(root) {
  if (!navigator.clipboard) return;
  for (const button of root.querySelectorAll("[data-copy][hidden]")) {
    button.hidden = false;
    const words = button.querySelector("span");
    const before = words.textContent;
    words.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      const source = document.querySelector(button.dataset.copy);
      try {
        await navigator.clipboard.writeText(source.value ?? source.textContent);
        words.textContent = button.dataset.copied;
      } catch {
        source.select?.();
        words.textContent = "Press Ctrl + C";
      }
      setTimeout(() => (words.textContent = before), 2500);
    });
  }
}

/** Beside a colour that is typed: a swatch to choose it by eye, which shows what was typed. */
export function startSwatches(root) {
  for (const typed of root.querySelectorAll("input[data-swatch]")) {
    if (typed.parentElement.classList.contains("swatched")) continue;
    const line = document.createElement("div");
    const chosen = document.createElement("input");
    line.className = "swatched";
    chosen.type = "color";
    chosen.setAttribute("aria-label", `${typed.dataset.swatchLabel}, chosen by eye`);
    const show = () => {
      const value = typed.value.trim().toLowerCase();
      chosen.value = /^#[0-9a-f]{6}$/.test(value) ? value : typed.dataset.swatch;
    };
    typed.before(line);
    line.append(typed, chosen);
    typed.addEventListener("input", show);
    chosen.addEventListener("input", () => {
      typed.value = chosen.value;
    });
    show();
  }
}

/** A summary of errors takes the focus when the page opens. */
export function startFocus() {
  document.querySelector("[data-focus]")?.focus();
}
