// News for an open page: by Server-Sent Events, and by asking now and then where there are none. Pages work without it.
"use strict";
// eslint-disable-next-line no-unused-vars
function papertapLive({ events, mark, refresh, progress }) {
  const POLL = 1000; // milliseconds; an unchanged page answers 304 with no body
  const SELDOM = 30000; // with events: what time changes by itself, such as "2 minutes ago"
  const JITTER = 2000; // all pages hear of a printer at once and must not ask at once
  let source = null, timer = 0, later = 0, asking = false, again = false;

  async function ask() {
    if (document.hidden) return;
    if (asking) return void (again = true);
    asking = true;
    try {
      await refresh();
    } catch {
      // The server is away for a moment; the next round asks again.
    }
    asking = false;
    if (again) {
      again = false;
      await ask();
    }
  }

  function round() {
    clearTimeout(timer);
    timer = setTimeout(async () => {
      await ask();
      round();
    }, source && source.readyState === EventSource.OPEN ? SELDOM : POLL);
  }

  function listen() {
    if (source || document.hidden || !window.EventSource) return;
    source = new EventSource(events);
    source.addEventListener("open", round);
    source.addEventListener("error", () => {
      if (source && source.readyState === EventSource.CLOSED) source = null; // refused: polling goes on
      round();
    });
    source.addEventListener("list", (event) => {
      const told = JSON.parse(event.data).mark;
      if (!told || told !== mark()) ask();
    });
    source.addEventListener("job", (event) => progress(JSON.parse(event.data)));
    source.addEventListener("printers", () => {
      clearTimeout(later);
      later = setTimeout(ask, Math.random() * JITTER);
    });
  }

  function stop() {
    source?.close();
    source = null;
  }

  // A page that nobody looks at costs nothing; a browser has few connections to one server.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return stop();
    ask();
    listen();
    round();
  });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", listen);
  listen();
  round();
}

// Draws how far a job has printed, wherever the page shows it; whether it does.
// eslint-disable-next-line no-unused-vars
function papertapProgress({ id, done, all }) {
  const shown = document.querySelector(`[data-progress="${id}"]`);
  if (!shown || !all) return;
  const bar = shown.querySelector("progress");
  bar.max = all;
  bar.value = done;
  shown.querySelector("span").textContent = shown.dataset.words.replace("{done}", done).replace("{all}", all);
}
