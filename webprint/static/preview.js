// Shows what comes out as soon as an option changes. Without it the form has a button for that.
"use strict";
(() => {
  const PARTS = ["preview-sides", "preview-release"];
  let asked = 0;

  const form = () => document.getElementById("preview-form");
  const release = () => document.querySelector("#preview-release button");

  function ready() {
    const show = form()?.querySelector("[data-show]");
    if (show) show.hidden = true;
  }

  // Until the answer is there nothing may be released that is not what is shown.
  function stale() {
    release().disabled = true;
    document.getElementById("preview").setAttribute("aria-busy", "true");
  }

  async function show() {
    const mine = ++asked;
    const fields = [...new FormData(form())].filter(([, value]) => value !== "");
    const query = new URLSearchParams(fields).toString();
    stale();
    try {
      const answer = await fetch(`${location.pathname}?${query}`, { cache: "no-store" });
      if (mine !== asked) return; // a later choice is on its way
      if (answer.redirected) return void location.reload(); // signed out meanwhile
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("preview")) return void location.reload(); // released or gone meanwhile
      const count = document.getElementById("preview-count"); // stays, so that it is read out
      count.textContent = page.getElementById("preview-count").textContent;
      for (const part of PARTS) document.getElementById(part).replaceWith(page.getElementById(part));
      history.replaceState(null, "", `${location.pathname}?${query}`);
    } catch {
      if (mine === asked) form().querySelector("[data-show]").hidden = false; // the plain way
    }
    if (mine === asked) document.getElementById("preview").removeAttribute("aria-busy");
  }

  document.addEventListener("input", (event) => {
    if (event.target.form && event.target.form === form()) stale();
  });
  document.addEventListener("change", (event) => {
    if (event.target.form && event.target.form === form() && form().reportValidity()) show();
  });
  document.addEventListener("submit", (event) => {
    if (event.target !== form()) return;
    event.preventDefault();
    show();
  });
  // The live page puts a fresh form in place, whose button is seen.
  new MutationObserver(ready).observe(document.getElementById("main"), { childList: true });
  ready();
})();
