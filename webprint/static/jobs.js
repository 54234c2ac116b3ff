// Comfort for the list of jobs: counts, "select all" and live states. Everything works without it.
"use strict";
(() => {
  const TYPING = 150; // milliseconds until a price is asked for
  const form = document.getElementById("work");
  const boxes = () => [...form.querySelectorAll('input[name="job"]')];
  const own = () => boxes().filter((box) => !("delegated" in box.dataset)); // others' jobs are ticked one by one
  const key = (box) => `${box.name}=${box.value}`;

  function label() {
    const chosen = boxes().filter((box) => box.checked).length;
    const all = document.getElementById("all");
    const text = form.querySelector("[data-print]");
    const everything = form.querySelector("[data-print-all]");
    if (text) text.textContent = chosen > 1 ? text.dataset.many.replace("{n}", chosen) : chosen ? text.dataset.one : text.dataset.none;
    const where = form.querySelector("[data-where]");
    const device = form.querySelector('input[name="device"]:checked');
    if (where) where.textContent = device ? where.dataset.where.replace("{device}", device.parentElement.querySelector("b").textContent) : "";
    if (everything) everything.hidden = chosen > 0;
    if (!all) return;
    all.closest("[data-all]").hidden = false;
    all.checked = chosen > 0 && chosen === own().length;
    all.indeterminate = chosen > 0 && !all.checked;
  }

  // Price, sheets and what the printer lacks, for what is ticked now; the page's own form is the question.
  let quoting = 0, asked = "";
  function quote() {
    const place = document.getElementById("quote");
    if (!place) return;
    const fields = new FormData(form);
    fields.delete("csrf");
    const question = new URLSearchParams(fields).toString();
    if (!fields.has("job")) place.replaceChildren();
    if (!fields.has("job") || (question === asked && place.childElementCount)) return void (asked = question);
    asked = question;
    clearTimeout(quoting);
    quoting = setTimeout(async () => {
      try {
        const answer = await fetch(`${place.dataset.quote}?${question}`, { headers: { "Papertap-Live": "yes" } });
        if (!answer.ok || answer.redirected || question !== asked) return;
        const told = new DOMParser().parseFromString(await answer.text(), "text/html");
        document.getElementById("quote").replaceChildren(...told.body.childNodes);
      } catch {
        // Away for a moment: the release itself says what is wrong.
      }
    }, TYPING);
  }

  // The markup of a card without what the person did to it.
  function plain(card) {
    const copy = card.cloneNode(true);
    for (const one of copy.querySelectorAll("[checked], [open]")) {
      one.removeAttribute("checked");
      one.removeAttribute("open");
    }
    return copy.innerHTML;
  }

  // Takes over ticks, the chosen printer and typed options into the fresh page.
  function keep(fresh) {
    for (const now of fresh.querySelectorAll("input, select")) {
      const before = [...form.querySelectorAll("input, select")].find((one) => one.name === now.name && (now.type !== "checkbox" && now.type !== "radio" || one.value === now.value));
      if (!before || now.disabled || now.type === "hidden") continue;
      if (now.type === "checkbox" || now.type === "radio") now.toggleAttribute("checked", before.checked);
      else if (now.tagName === "SELECT") for (const one of now.options) one.toggleAttribute("selected", one.value === before.value);
      else now.setAttribute("value", before.value);
    }
  }

  // Puts the fresh list in place; cards that did not change stay as they are, with their pictures and focus.
  function show(fresh) {
    const focus = document.activeElement;
    keep(fresh);
    for (const card of fresh.querySelectorAll(".job[id]")) {
      const before = document.getElementById(card.id);
      if (before && plain(before) === plain(card)) card.replaceWith(before);
    }
    const same = !!document.getElementById("release") === !!fresh.querySelector("#release");
    if (same) {
      for (const id of ["list", "rest", "devices"]) document.getElementById(id)?.replaceChildren(...fresh.querySelector(`#${id}`).childNodes);
      const charge = document.getElementById("charge"); // what was chosen and typed there stays
      if (charge && !charge.childElementCount) charge.replaceChildren(...fresh.querySelector("#charge").childNodes);
    } else {
      const notes = document.getElementById("notes");
      form.replaceChildren(...fresh.childNodes);
      if (notes) document.getElementById("list").before(notes);
    }
    if (focus && form.contains(focus)) focus.focus();
    else if (focus && focus.name) [...form.querySelectorAll("input, button")].find((one) => key(one) === key(focus))?.focus();
    label();
    quote();
  }

  async function refresh() {
    if (document.hidden || form.querySelector("details.more[open]")) return;
    const answer = await fetch(location.pathname + location.search, {
      headers: { "If-None-Match": form.dataset.state, "Papertap-Live": "yes" },
      cache: "no-store",
    });
    if (answer.redirected) return void location.reload(); // signed out meanwhile
    if (answer.status !== 200) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    form.dataset.state = answer.headers.get("ETag");
    form.dataset.mark = page.getElementById("work").dataset.mark;
    show(page.getElementById("work"));
  }

  function close(menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }

  form.addEventListener("change", (event) => {
    if (event.target.id === "all") for (const box of own()) box.checked = event.target.checked;
    label();
    quote();
  });
  form.addEventListener("input", quote);
  document.addEventListener("click", (event) => {
    for (const menu of form.querySelectorAll("details.more[open]")) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") form.querySelectorAll("details.more[open]").forEach(close);
  });

  // After an action the address is the action's; a reload shall show the list instead of asking to send again.
  if (location.pathname !== "/jobs") {
    history.replaceState(null, "", form.dataset.here);
    document.getElementById("notes")?.focus();
  }
  label();
  quote();
  papertapLive({ events: form.dataset.events, mark: () => form.dataset.mark, refresh, progress: papertapProgress });
})();
