// The app's worker, behind a head that names VERSION, SHELL and PAGES. It keeps no page of anybody: only our own files, the
// page for hours without a network, and printing from outside, which is made for a house out of reach. Files that another
// app shared wait here until the upload page takes them.
"use strict";
const CACHE = `papertap-${VERSION}`;
const SHARED = "papertap-shared";
const OFFLINE = "/offline";
// Milliseconds: what is sent from outside to an address of a house is often never answered, and a browser waits for minutes.
const PATIENCE = 15000, PATIENCE_OUTSIDE = 2500; // the second where the page is made for being outside

self.addEventListener("install", (event) => {
  const pages = PAGES.map((path) => new Request(path, { credentials: "omit", cache: "reload" })); // nobody's: without cookies
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...SHELL, ...pages])).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const ours = (name) => name.startsWith("papertap-") && ![CACHE, SHARED, "papertap-list"].includes(name);
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter(ours).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (request.method === "POST" && url.pathname === "/share") event.respondWith(taken(request));
  else if (request.method === "GET" && request.mode === "navigate") event.respondWith(page(request));
  else if (request.method === "GET" && url.pathname.startsWith("/static/")) event.respondWith(file(request));
});

async function page(request) {
  const path = new URL(request.url).pathname;
  const own = PAGES.includes(path);
  const instead = await kept(own ? path : OFFLINE);
  const answer = fetch(request);
  if (!instead) return answer;
  const late = new Promise((done) => setTimeout(done, own ? PATIENCE_OUTSIDE : PATIENCE, instead));
  return Promise.race([answer.catch(() => instead), late]);
}

const kept = (path) => caches.match(path, { ignoreVary: true });

async function file(request) {
  return (await caches.match(request, { ignoreVary: true })) ?? fetch(request);
}

// Shared files never leave this device from here: the upload page sends them, with its own token and after a sign-in.
async function taken(request) {
  try {
    const form = await request.formData(), cache = await caches.open(SHARED);
    const files = form.getAll("file").filter((one) => one instanceof File).slice(0, 20);
    let number = 0;
    for (const one of files) {
      const headers = { "Content-Type": one.type || "application/octet-stream", "Papertap-Name": encodeURIComponent(one.name) };
      await cache.put(`/shared/${Date.now()}-${number++}`, new Response(one, { headers }));
    }
  } catch {
    return Response.redirect("/upload", 303);
  }
  return Response.redirect("/upload?shared=1", 303);
}

self.addEventListener("push", (event) => {
  let told = {};
  try {
    told = event.data?.json() ?? {};
  } catch { /* what is no JSON is shown as a notice without words of its own */ }
  const options = { body: told.body ?? "", tag: told.tag ?? "papertap", icon: SHELL.find((one) => one.includes("icon-192")), data: { url: told.url ?? "/jobs" } };
  event.waitUntil(self.registration.showNotification(told.title ?? "Papertap", options));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const wanted = String(event.notification.data?.url ?? "/jobs");
  const path = wanted.startsWith("/") && !wanted.startsWith("//") ? wanted : "/jobs"; // a notice never leads away
  event.waitUntil(
    self.clients.matchAll({ type: "window" }).then(async (windows) => {
      for (const one of windows) {
        if ("navigate" in one) return one.navigate(path).then((shown) => (shown ?? one).focus());
      }
      return self.clients.openWindow(path);
    }),
  );
});
