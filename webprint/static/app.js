// The pages as an app: its worker, the list for hours without a network, files that another app shared, notices on this
// device, and copying an address. Everything works without it.
"use strict";
(() => {
  const LIST = "papertap-list", SHARED = "papertap-shared", KEPT = "/offline/list";
  const signedIn = document.body.hasAttribute("data-signed-in");

  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => {}); // plain HTTP has none

  // --- what was last seen of the own jobs; nothing of it stays once nobody is signed in

  async function keep() {
    if (!("caches" in window) || document.body.hasAttribute("data-kept")) return; // a kept page does not know who looks
    if (!signedIn) {
      await caches.delete(LIST);
      await caches.delete(SHARED);
      return;
    }
    const list = document.getElementById("work");
    if (!list || location.pathname !== "/jobs" || new URLSearchParams(location.search).has("all")) return;
    const jobs = [...list.querySelectorAll(".part:not(.part-done) .job")].slice(0, 50).map((job) => ({
      name: job.querySelector("h3 a")?.textContent ?? "",
      state: job.querySelector(".state")?.textContent.trim() ?? "",
    }));
    const body = JSON.stringify({ at: Date.now(), jobs: jobs.filter((job) => job.name) });
    await (await caches.open(LIST)).put(KEPT, new Response(body, { headers: { "Content-Type": "application/json" } }));
  }

  keep().catch(() => {}); // storage may be full or forbidden

  // --- files from another app

  async function shared() {
    const picker = document.querySelector("#upload-form [data-picker]");
    if (!picker || !("caches" in window) || !new URLSearchParams(location.search).has("shared")) return;
    const cache = await caches.open(SHARED), files = new DataTransfer();
    for (const request of await cache.keys()) {
      const kept = await cache.match(request);
      const name = decodeURIComponent(kept.headers.get("Papertap-Name") ?? "document");
      files.items.add(new File([await kept.blob()], name, { type: kept.headers.get("Content-Type") ?? "" }));
      await cache.delete(request);
    }
    history.replaceState(null, "", location.pathname);
    if (!files.files.length) return;
    picker.files = files.files;
    picker.dispatchEvent(new Event("change", { bubbles: true }));
  }

  addEventListener("load", () => shared().catch(() => {}));

  // --- notices on this device

  const push = document.getElementById("push");

  function octets(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  }

  async function subscribe() {
    const said = push.querySelector("[data-said]");
    if ((await Notification.requestPermission()) !== "granted") {
      said.textContent = push.dataset.denied;
      return;
    }
    try {
      const worker = await navigator.serviceWorker.ready;
      const options = { userVisibleOnly: true, applicationServerKey: octets(push.dataset.key) };
      const { endpoint, keys } = (await worker.pushManager.subscribe(options)).toJSON();
      for (const [name, value] of Object.entries({ endpoint, p256dh: keys.p256dh, auth: keys.auth })) push.elements[name].value = value;
      push.submit();
    } catch {
      said.textContent = push.dataset.failed;
    }
  }

  if (push && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window) {
    push.hidden = false;
    push.addEventListener("submit", (event) => {
      event.preventDefault();
      subscribe();
    });
  }

  // --- an address to copy, and the hint to install

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.trim());
      button.querySelector("span").textContent = button.dataset.done;
    });
  }

  const install = document.getElementById("install");
  addEventListener("beforeinstallprompt", (event) => {
    if (!install) return;
    event.preventDefault();
    install.hidden = false;
    install.onclick = () => event.prompt();
  });
})();
