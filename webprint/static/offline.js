// Without a network: what was last seen of the own jobs, and when that was; and the way in from outside, where there is one.
"use strict";
(async () => {
  const place = document.getElementById("kept"), words = place.dataset;
  document.getElementById("again").addEventListener("click", (event) => {
    event.preventDefault();
    location.reload();
  });
  if ("caches" in window) document.getElementById("outside").hidden = !(await caches.match("/remote", { ignoreVary: true }));
  const kept = "caches" in window ? await caches.match("/offline/list") : null;
  if (!kept) return;
  const { at, jobs } = await kept.json();
  const when = new Date(at).toLocaleString(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  place.querySelector("h2").textContent = words.as.replace("{time}", when);
  const list = place.querySelector("ul");
  for (const job of jobs) {
    const row = list.appendChild(document.createElement("li"));
    row.appendChild(document.createElement("b")).textContent = job.name;
    row.appendChild(document.createElement("small")).textContent = job.state;
  }
  place.hidden = false;
})();
