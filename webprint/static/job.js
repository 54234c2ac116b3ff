// Shows what happens to one job while its page is open. The page works without it.
"use strict";
(() => {
  async function refresh() {
    const detail = document.getElementById("detail");
    if (document.querySelector("#share details[open], .new-link, #charge :focus")) return; // somebody reads or types there
    const answer = await fetch(location.pathname.replace(/\/shares?$/, "") + location.search, {
      headers: { "If-None-Match": detail.dataset.state, "Papertap-Live": "yes" },
      cache: "no-store",
    });
    if (answer.redirected) return void location.reload(); // signed out meanwhile
    if (answer.status !== 200) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.getElementById("detail")) return; // an error of the moment
    const focus = document.activeElement?.getAttribute("formaction");
    document.getElementById("main").replaceChildren(...page.getElementById("main").childNodes);
    if (focus) document.querySelector(`[formaction="${focus}"]`)?.focus();
  }

  // A new link is shown once: a reload shall not make another one.
  const link = document.querySelector("[data-link]");
  if (link) {
    history.replaceState(null, "", `/jobs/${document.getElementById("detail").dataset.job}`);
    const copy = document.querySelector("[data-copy]");
    copy.hidden = !navigator.clipboard;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(link.value);
      link.select();
    });
    link.focus();
    link.select();
  }

  papertapLive({
    events: document.getElementById("detail").dataset.events,
    mark: () => null, // one job is a part of the list: ask whenever the list changes
    refresh,
    progress: papertapProgress,
  });
})();
