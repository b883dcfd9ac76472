// Sets the chosen theme before the first paint; without a choice the device decides.
(function () {
  try {
    const chosen = localStorage.getItem("theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage may be closed to us (private windows); the device's theme is right then.
  }
})();
