// What changes by itself on pages of the house: each part that says data-live is asked for again after so many seconds.

const parts = () => document.querySelectorAll("[data-live]");

async function renew() {
  const answer = await fetch(location.pathname + location.search, { headers: { "papertap-live": "1" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const part of parts()) {
    const next = fresh.getElementById(part.id);
    // Whoever works in it is not disturbed.
    if (next && !part.contains(document.activeElement)) part.replaceWith(document.adoptNode(next));
  }
}

function wait() {
  const seconds = Math.min(...[...parts()].map((part) => Number(part.dataset.live)));
  if (!Number.isFinite(seconds)) return;
  setTimeout(async () => {
    if (!document.hidden) await renew().catch(() => {});
    wait();
  }, seconds * 1000);
}

wait();
