// Offers projects below the field while somebody types. Without it the words are looked up when the form is sent.
"use strict";
(() => {
  const TYPING = 150; // milliseconds until a search
  let waiting = 0, asked = "";
  document.addEventListener("input", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement) || !field.dataset.find) return;
    const text = field.value.trim();
    if (text) for (const chip of field.form.querySelectorAll('input[name="project"]')) chip.checked = false;
    clearTimeout(waiting);
    if (!text || text === asked) return;
    waiting = setTimeout(async () => {
      asked = text;
      try {
        const answer = await fetch(`${field.dataset.find}?${new URLSearchParams({ q: text })}`, { headers: { "Papertap-Live": "yes" } });
        if (!answer.ok || answer.redirected || field.value.trim() !== text) return;
        const offers = (await answer.json()).map(({ code, title }) => Object.assign(document.createElement("option"), { value: code, label: `${code} ${title}` }));
        field.list?.replaceChildren(...offers);
      } catch {
        // Away for a moment: the form itself says what is wrong.
      }
    }, TYPING);
  });
  // A tap on a chip takes back what was typed beside it.
  document.addEventListener("change", (event) => {
    if (event.target.name !== "project") return;
    const field = event.target.form.elements.project_other;
    if (field) field.value = "";
  });
})();
