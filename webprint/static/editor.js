// Arranging pages, stepping copies, and the price that follows each choice. The form works without it.
"use strict";
(() => {
  const form = () => document.getElementById("preview-form");
  const tiles = () => [...document.querySelectorAll("#tiles > .tile")];
  let asked = 0;
  let waiting = 0;
  let dragged = null;

  // --- ready: also after the live page has put a fresh editor in place

  function ready() {
    const arrange = document.getElementById("arrange");
    if (!arrange || !arrange.hidden) return;
    arrange.hidden = false;
    document.getElementById("picks-field").hidden = true;
    for (const step of form().querySelectorAll("[data-step]")) step.hidden = false;
    if (form().elements.picks.value) arrange.open = true;
  }

  // --- the pages

  // What the tiles say: empty when that is how the document was sent.
  function picks() {
    const kept = tiles().filter((tile) => !tile.classList.contains("off"));
    const said = kept.map((tile) => tile.dataset.page + (tile.dataset.rotate === "0" ? "" : `r${tile.dataset.rotate}`));
    const plain = tiles().length === kept.length && said.every((one, place) => one === String(place + 1));
    if (!plain) return said.join(",");
    return document.getElementById("tiles").dataset.picks ? "none" : "";
  }

  function changed(tile) {
    const field = form().elements.picks;
    const kept = tiles().filter((one) => !one.classList.contains("off")).length;
    if (!kept) {
      tile?.classList.remove("off"); // nothing at all cannot be printed
      tile?.querySelector('[data-do="drop"]').setAttribute("aria-pressed", "false");
      return;
    }
    const value = picks();
    if (field.value === value) return;
    field.value = value;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  function say(tile) {
    const said = document.getElementById("arrange-said");
    const text = said.dataset.moved;
    said.textContent = text.replace("{page}", tile.dataset.page).replace("{place}", tiles().indexOf(tile) + 1);
  }

  function turn(tile, by = 90) {
    const angle = (Number(tile.dataset.rotate) + by) % 360;
    tile.classList.remove(`turn${tile.dataset.rotate}`);
    tile.dataset.rotate = String(angle);
    tile.classList.add(`turn${angle}`);
    changed(tile);
  }

  function drop(tile) {
    const off = tile.classList.toggle("off");
    tile.querySelector('[data-do="drop"]').setAttribute("aria-pressed", String(off));
    changed(tile);
  }

  function move(tile, by) {
    const all = tiles();
    const place = all.indexOf(tile) + by;
    if (place < 0 || place >= all.length) return;
    if (by > 0) all[place].after(tile);
    else all[place].before(tile);
    tile.querySelector('[data-do="grab"]').focus();
    say(tile);
    changed(tile);
  }

  function reset() {
    const list = document.getElementById("tiles");
    for (const tile of tiles()) {
      tile.classList.remove("off", `turn${tile.dataset.rotate}`);
      tile.dataset.rotate = "0";
      tile.classList.add("turn0");
      tile.querySelector('[data-do="drop"]').setAttribute("aria-pressed", "false");
    }
    list.append(...tiles().sort((a, b) => a.dataset.page - b.dataset.page));
    changed(null);
  }

  // --- the price, at once; the pictures follow

  async function quote() {
    const place = document.getElementById("quote");
    if (!place) return;
    const mine = ++asked;
    const section = document.getElementById("preview");
    const fields = new URLSearchParams([...new FormData(form())].filter(([, value]) => value !== ""));
    fields.set("job", section.dataset.job);
    try {
      const answer = await fetch(`${section.dataset.quote}?${fields}`, { cache: "no-store" });
      if (mine !== asked || answer.redirected || !answer.ok) return;
      const text = await answer.text();
      document.getElementById("quote").replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
    } catch {
      // The preview says what is wrong.
    }
  }

  // Where the release is at the printer's screen, choices are kept as they are made.
  async function keep() {
    const release = document.getElementById("preview-release");
    if (!release || !("auto" in release.dataset)) return;
    const fields = new URLSearchParams([...new FormData(form())]);
    fields.set("csrf", release.elements.csrf.value);
    fields.set("quiet", "yes");
    try {
      await fetch(release.action, { method: "POST", body: fields, redirect: "manual" });
    } catch {
      // The button does the same.
    }
  }

  function follow() {
    clearTimeout(waiting);
    waiting = setTimeout(() => (quote(), keep()), 30); // several choices in one breath are one question
  }

  // --- hands, mice and keyboards

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do], [data-step]");
    if (!button) return;
    const tile = button.closest(".tile");
    if (button.dataset.do === "turn") turn(tile);
    else if (button.dataset.do === "drop") drop(tile);
    else if (button.dataset.do === "reset") reset();
    else if (button.dataset.do === "grab" && tile.classList.contains("off")) drop(tile);
    else if (button.dataset.step) {
      const field = form().elements.copies;
      const now = Number(field.value || field.dataset.sent);
      field.value = Math.min(Math.max(now + Number(button.dataset.step), 1), Number(field.max));
      field.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });

  document.addEventListener("keydown", (event) => {
    const tile = event.target.closest?.('[data-do="grab"]')?.closest(".tile");
    if (!tile || event.ctrlKey || event.metaKey || event.altKey) return;
    const action = {
      ArrowLeft: () => move(tile, -1),
      ArrowUp: () => move(tile, -1),
      ArrowRight: () => move(tile, 1),
      ArrowDown: () => move(tile, 1),
      Delete: () => drop(tile),
      Backspace: () => drop(tile),
      r: () => turn(tile),
    }[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });

  document.addEventListener("pointerdown", (event) => {
    const grab = event.target.closest('[data-do="grab"]');
    if (!grab || event.button !== 0) return;
    dragged = { tile: grab.closest(".tile"), x: event.clientX, y: event.clientY, moved: false, id: event.pointerId };
    if (event.pointerType !== "mouse") grab.setPointerCapture(event.pointerId);
  });
  document.addEventListener("pointermove", (event) => {
    if (!dragged || event.pointerId !== dragged.id) return;
    if (!dragged.moved && Math.hypot(event.clientX - dragged.x, event.clientY - dragged.y) < 8) return;
    dragged.moved = true;
    dragged.tile.classList.add("dragged");
    const under = document.elementFromPoint(event.clientX, event.clientY)?.closest(".tile");
    if (!under || under === dragged.tile) return;
    const all = tiles();
    if (all.indexOf(under) > all.indexOf(dragged.tile)) under.after(dragged.tile);
    else under.before(dragged.tile);
  });
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => {
      if (!dragged) return;
      const { tile, moved } = dragged;
      dragged = null;
      tile.classList.remove("dragged");
      if (!moved) return;
      say(tile);
      changed(tile);
    });
  }

  document.addEventListener("change", (event) => {
    if (event.target.form && event.target.form === form() && form().checkValidity()) follow();
  });
  new MutationObserver(ready).observe(document.getElementById("main"), { childList: true });
  ready();
})();
