// Shows a guest what becomes of a document without a reload. The page works without it.
"use strict";
(() => {
  const POLL = 700; // milliseconds; an unchanged page answers 304 with no body

  async function refresh() {
    const now = document.getElementById("guest-job");
    if (document.hidden || !now.dataset.live) return;
    const answer = await fetch(location.pathname + location.search, {
      headers: { "If-None-Match": now.dataset.state, "Papertap-Live": "yes" },
      cache: "no-store",
    });
    if (answer.status === 304 || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("guest-job")) return; // an error of the moment
    document.getElementById("main").replaceChildren(...page.getElementById("main").childNodes);
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
