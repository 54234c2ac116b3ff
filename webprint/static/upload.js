// Uploads that go on after a break, file by file, with what has arrived in octets. The form works without it.
"use strict";
(() => {
  const form = document.getElementById("upload-form");
  if (!form || !window.tus || !tus.isSupported) return;
  const list = document.getElementById("upload-list");
  const picker = form.querySelector("[data-picker]");
  const words = form.dataset;
  const SEAM = 64 * 1024; // octets before the offset, by which the server knows a file again
  const POLL = 250; // milliseconds between two looks at a document that is being converted
  let token = form.elements.csrf.value;
  let running = Promise.resolve();

  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  const size = (octets) => (octets < 1e6 ? `${number.format(Math.ceil(octets / 1000))} kB` : `${number.format(octets / 1e6)} MB`);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const random = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

  // --- one line for each file

  function line(file) {
    const row = document.getElementById("upload-row").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = file.name;
    list.append(row);
    return {
      row,
      say(text, tone) {
        row.querySelector("[data-said]").textContent = text;
        row.className = `upload-row ${tone ?? ""}`;
        if (tone) document.getElementById("upload-said").textContent = `${file.name}: ${text}`; // not every octet is read out
      },
      progress(sent, whole) {
        const bar = row.querySelector("progress");
        bar.hidden = sent === null;
        if (sent !== null) [bar.value, bar.max] = [sent, whole];
      },
      picture(address) {
        const image = row.querySelector("img");
        if (!image.hidden) return;
        image.src = address;
        image.hidden = false;
      },
      stoppable(stop) {
        const button = row.querySelector("[data-stop]");
        button.hidden = !stop;
        button.onclick = stop;
      },
    };
  }

  async function seam(file, offset) {
    const end = await file.slice(Math.max(0, offset - SEAM), offset).arrayBuffer();
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", end));
    return btoa(String.fromCharCode(...digest));
  }

  // Sends one file; the id of its job, or null when it was stopped or refused.
  function send(file, batch, last, show) {
    return new Promise((done) => {
      let job = null;
      const upload = new tus.Upload(file, {
        endpoint: words.files,
        retryDelays: [0, 500, 1000, 3000, 5000, 10000],
        removeFingerprintOnSuccess: true,
        metadata: {
          filename: file.name,
          filetype: file.type || "application/octet-stream",
          printer: form.elements.printer.value,
          place: words.place ?? "",
          guest: form.elements.guest?.value ?? "",
          project: form.querySelector('input[name="project"]:checked')?.value ?? "",
          project_other: form.elements.project_other?.value ?? "",
          comment: form.elements.comment?.value ?? "",
          batch,
          last: last ? "yes" : "no",
        },
        async onBeforeRequest(request) {
          request.setHeader("Papertap-Token", token);
          const offset = Number(request.getHeader("Upload-Offset") ?? 0);
          if (request.getMethod() !== "PATCH") return;
          request.setHeader("Upload-Length", String(file.size));
          if (offset > 0 && window.crypto?.subtle) request.setHeader("Papertap-Seam", `sha256 ${await seam(file, offset)}`);
        },
        onAfterResponse(request, response) {
          token = response.getHeader("Papertap-Token") ?? token;
          job = response.getHeader("Papertap-Job") ?? job;
        },
        onShouldRetry(error) {
          const status = error.originalResponse?.getStatus() ?? 0;
          return status === 0 || status === 503 || status === 409 || status === 429;
        },
        onProgress(sent, whole) {
          show.progress(sent, whole);
          show.say(fill(words.sending, { sent: size(sent), whole: size(whole) }));
        },
        onError(error) {
          show.progress(null);
          show.stoppable(null);
          show.say(error.originalResponse?.getBody() || words.lost, "bad");
          done(null);
        },
        onSuccess() {
          show.progress(null);
          show.stoppable(null);
          show.say(words.converting, "busy");
          done(job);
        },
      });
      show.stoppable(() => {
        upload.abort(true).catch(() => {});
        show.progress(null);
        show.stoppable(null);
        show.say(words.stopped);
        done(null);
      });
      upload.findPreviousUploads().then((before) => {
        const same = before.find((one) => one.metadata.printer === form.elements.printer.value);
        if (same) upload.resumeFromPreviousUpload(same);
        upload.start();
      });
    });
  }

  async function ask(address, fields) {
    const body = fields && new URLSearchParams({ csrf: token, ...fields });
    const answer = await fetch(address, { method: body ? "POST" : "GET", body, headers: { Accept: "application/json" }, cache: "no-store" });
    return answer.json();
  }

  // Waits until the document can be shown; the address of its page.
  async function ready(job, show) {
    for (;;) {
      const told = await ask(`/upload/jobs/${job}`).catch(() => ({}));
      if (told.picture) show.picture(`${told.at}/pages/1.png`);
      if (told.failed) show.say(told.message || told.state, "bad");
      if (told.ready) return told;
      await new Promise((later) => setTimeout(later, POLL));
    }
  }

  // --- several files: one job in their order, or one each

  async function sendAll(files) {
    const together = !form.elements.together?.checked;
    const most = Number(words.most);
    const rows = files.map((file) => [file, line(file)]);
    const fitting = rows.filter(([file, show], place) => {
      if (file.size > Number(words.largest)) show.say(words.large, "bad");
      else if (!file.size) show.say(words.empty, "bad");
      else if (place >= most) show.say(words.many, "bad");
      else return true;
      return false;
    });
    const batch = random();
    const jobs = new Map();
    let closed = false;
    for (const [place, [file, show]] of fitting.entries()) {
      const last = !together || place === fitting.length - 1;
      const job = await send(file, together ? batch : random(), last, show);
      if (job) jobs.set(job, show);
      closed ||= Boolean(job && last);
    }
    if (together && jobs.size && !closed) await ask("/upload/close", { batch }).catch(() => {});
    const told = await Promise.all([...jobs].map(([job, show]) => ready(job, show)));
    const good = told.filter((one) => !one.failed);
    if (!good.length || rows.some(([, show]) => show.row.classList.contains("bad"))) {
      if (good.length) list.append(link(good.length === 1 ? good[0].at : good[0].at.replace(/\/\d+$/, "").replace("/guest/jobs", "/guest")));
      return;
    }
    location.assign(good.length === 1 ? good[0].at : good[0].at.startsWith("/guest") ? "/guest" : "/jobs");
  }

  function link(address) {
    const item = document.createElement("li");
    const anchor = item.appendChild(document.createElement("a"));
    anchor.className = "button primary";
    anchor.href = address;
    anchor.textContent = words.go;
    return item;
  }

  function take(files) {
    const several = [...files];
    if (!several.length) return;
    list.hidden = false;
    running = running.then(() => sendAll(several));
  }

  // --- picker, camera, drop, paste

  for (const input of form.querySelectorAll('input[type="file"]')) {
    input.addEventListener("change", () => {
      take(input.files);
      input.value = "";
    });
  }
  document.addEventListener("dragover", (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) form.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    form.classList.remove("over");
    take(event.dataTransfer.files);
  });
  document.addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) take(event.clipboardData.files);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    take(picker.files);
  });

  for (const plain of form.querySelectorAll("[data-plain]")) plain.hidden = true;
  for (const rich of form.querySelectorAll("[data-rich]")) rich.hidden = false;
})();
