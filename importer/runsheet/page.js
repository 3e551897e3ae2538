"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");
  const key = "mailferry-run-sheet:" + document.getElementById("main").dataset.digest;
  const boxes = [...document.querySelectorAll("input[data-tick]")];
  const byId = (id) => document.getElementById(id);
  const status = byId("status");

  // A browser may refuse storage to a file; the ticks then live in the page only.
  const read = () => {
    try {
      const kept = JSON.parse(localStorage.getItem(key) || "[]");
      return new Set(Array.isArray(kept) ? kept : []);
    } catch {
      byId("forgetful").hidden = false;
      return new Set();
    }
  };
  const write = () => {
    try {
      localStorage.setItem(key, JSON.stringify(boxes.filter((b) => b.checked).map((b) => b.dataset.tick)));
    } catch {
      byId("forgetful").hidden = false;
    }
  };
  const entries = new Map([...document.querySelectorAll("a[data-for]")].map((a) => [a.dataset.for, a]));
  const show = () => {
    let done = 0;
    for (const box of boxes) {
      if (box.checked) done++;
      const card = box.closest(".card");
      if (card) card.classList.toggle("done", box.checked);
      const entry = entries.get(box.dataset.tick);
      if (entry) entry.classList.toggle("done", box.checked);
    }
    byId("progress").value = done;
    byId("count").textContent = done + " of " + boxes.length;
  };
  const load = () => {
    const kept = read();
    for (const box of boxes) box.checked = kept.has(box.dataset.tick);
    show();
  };
  document.addEventListener("change", (e) => {
    if (e.target.matches("input[data-tick]")) {
      write();
      show();
    }
  });
  window.addEventListener("storage", (e) => {
    if (e.key === key || e.key === null) load();
  });

  let timer;
  const say = (text) => {
    status.textContent = text;
    status.classList.add("shown");
    clearTimeout(timer);
    timer = setTimeout(() => status.classList.remove("shown"), 2500);
  };
  let copied;
  document.addEventListener("click", async (e) => {
    const button = e.target.closest("button.copy");
    if (!button) return;
    const what = button.getAttribute("aria-label").replace(/^Copy /, "");
    let done = true;
    try {
      await navigator.clipboard.writeText(JSON.parse(button.dataset.copy));
    } catch {
      done = false;
    }
    if (done) {
      if (copied) {
        copied.button.classList.remove("copied");
        copied.button.textContent = copied.text;
      }
      copied = { button, text: button.textContent };
      button.classList.add("copied");
      button.textContent = "Copied";
      say("Copied " + what);
    } else {
      const value = button.closest(".row").querySelector(".value, .command");
      getSelection().selectAllChildren(value);
      say("This browser does not let the sheet copy. The value is selected: press Ctrl+C or ⌘C");
    }
  });

  byId("print").addEventListener("click", () => window.print());
  byId("hide").addEventListener("click", (e) => {
    const on = root.classList.toggle("hide-done");
    e.currentTarget.setAttribute("aria-pressed", String(on));
  });
  byId("clear").addEventListener("click", () => {
    if (!confirm("Remove all ticks from this sheet?")) return;
    for (const box of boxes) box.checked = false;
    write();
    show();
  });
  load();
})();
