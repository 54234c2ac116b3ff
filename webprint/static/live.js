// Shows what happens to one job while its page is open. The page works without it.
"use strict";
(() => {
  const POLL = 1000; // milliseconds; an unchanged page answers 304 with no body

  async function refresh() {
    const detail = document.getElementById("detail");
    if (document.hidden) return;
    const answer = await fetch(location.pathname + location.search, {
      headers: { "If-None-Match": detail.dataset.state, "Papertap-Live": "yes" },
      cache: "no-store",
    });
    if (answer.redirected) return void location.reload(); // signed out meanwhile
    if (answer.status === 304) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("detail")) return; // an error of the moment
    const focus = document.activeElement?.getAttribute("formaction");
    document.getElementById("main").replaceChildren(...page.getElementById("main").childNodes);
    if (focus) document.querySelector(`[formaction="${focus}"]`)?.focus();
  }

  async function live() {
    try {
      await refresh();
    } catch {
      // The server is away for a moment; the next round asks again.
    }
    setTimeout(live, POLL);
  }

  setTimeout(live, POLL);
})();
