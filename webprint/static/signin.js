/* Passkeys, and the choice to stay signed in for ways that have no form. Everything else works without scripts. */
(() => {
  "use strict";

  const octets = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (sign) => sign.charCodeAt(0));
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const listed = (list) => (list || []).map((one) => ({ ...one, id: octets(one.id) }));

  const ready = (options) => {
    const made = { ...options, challenge: octets(options.challenge) };
    if (options.user) made.user = { ...options.user, id: octets(options.user.id) };
    if (options.excludeCredentials) made.excludeCredentials = listed(options.excludeCredentials);
    if (options.allowCredentials) made.allowCredentials = listed(options.allowCredentials);
    return made;
  };

  const answer = (credential) => {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    const extensions = credential.getClientExtensionResults ? credential.getClientExtensionResults() : {};
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: extensions,
    });
  };

  const stay = document.querySelector("[data-stay]");
  const follow = () => {
    for (const link of document.querySelectorAll("a[data-stays]")) {
      const url = new URL(link.href);
      url.searchParams.set("stay", stay.checked ? "1" : "0");
      link.href = url.pathname + url.search;
    }
    for (const input of document.querySelectorAll("form[data-stays] input[name=stay]")) input.value = stay.checked ? "1" : "0";
  };
  if (stay) {
    stay.addEventListener("change", follow);
    follow();
  }

  if (!window.PublicKeyCredential || !navigator.credentials || !window.isSecureContext) return;

  const complaint = document.querySelector("[data-passkey-error]");
  const say = (words) => {
    complaint.hidden = !words;
    complaint.querySelector("span").textContent = words || "";
  };

  class Refused extends Error {}

  /* The page to confirm on stands in for the options when the last proof is too old. */
  const options = async (form) => {
    const body = new URLSearchParams({ csrf: form.elements.csrf.value });
    const reply = await fetch(form.dataset.options, { method: "POST", body, headers: { accept: "application/json" } });
    if (reply.redirected) {
      location.assign(reply.url);
      return null;
    }
    const told = await reply.json();
    if (!reply.ok) throw new Refused(told.error);
    return ready(told);
  };

  /* Two questions at once cancel each other: the quiet one ends before the asked one begins, however slow it was. */
  const hush = new AbortController();
  let quietly = Promise.resolve();

  const run = async (form, extra) => {
    const publicKey = await options(form);
    if (!publicKey) return;
    const work = form.dataset.passkey;
    const credential = await navigator.credentials[work]({ publicKey, ...extra });
    if (!credential) return;
    form.elements.credential.value = answer(credential);
    form.submit();
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.closest("[data-passkey-only]")?.removeAttribute("hidden");
    document.querySelector("[data-no-passkey]")?.setAttribute("hidden", "");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      say("");
      hush.abort();
      await quietly;
      try {
        await run(form, {});
      } catch (error) {
        say(error instanceof Refused ? error.message : form.dataset.cancelled);
      }
    });
  }

  /* The browser offers passkeys in the name field itself, where it can. */
  const quiet = document.querySelector("form[data-conditional]");
  if (quiet && PublicKeyCredential.isConditionalMediationAvailable) {
    quietly = PublicKeyCredential.isConditionalMediationAvailable().then(async (can) => {
      if (!can || hush.signal.aborted) return;
      try {
        await run(quiet, { mediation: "conditional", signal: hush.signal });
      } catch {
        /* Nobody asked for it, so nothing is said. */
      }
    });
  }
})();
