// Printing from outside: the browser's own key, the way through the meeting place, and one data channel for documents.
// The page may come out of the browser's store while the gateway is out of reach: what it knows lies in IndexedDB.
"use strict";
(() => {
  const LABEL = "papertap";
  const PIECE = 64 * 1024; // octets of one message
  const WINDOW = 4 * 1024 * 1024; // octets ahead of what the gateway has taken
  const BUFFER = 1024 * 1024; // octets that the browser itself may hold back
  const SEAM = 64 * 1024;
  const GATHER = 1500; // milliseconds for addresses; later ones follow by themselves
  const ANSWER = 20000;
  const PAUSES = [500, 1000, 2000, 4000, 8000];
  const CURVE = { name: "ECDSA", namedCurve: "P-256" };
  const SIGN = { name: "ECDSA", hash: "SHA-256" };

  const utf8 = new TextEncoder();
  const text64 = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const octets64 = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const digest = async (octets) => text64(await crypto.subtle.digest("SHA-256", octets));
  const random = (count) => text64(crypto.getRandomValues(new Uint8Array(count)));
  const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  class Said extends Error {} // a sentence of the gateway's, for people

  // --- what this browser keeps: its key, which scripts cannot read, and what the gateway told it at home

  function store(mode, work) {
    return new Promise((done, failed) => {
      const opening = indexedDB.open("papertap-remote", 1);
      opening.onupgradeneeded = () => opening.result.createObjectStore("kept");
      opening.onerror = () => failed(opening.error);
      opening.onsuccess = () => {
        const transaction = opening.result.transaction("kept", mode);
        const request = work(transaction.objectStore("kept"));
        transaction.oncomplete = () => done(request.result);
        transaction.onerror = () => failed(transaction.error);
      };
    });
  }
  const kept = () => store("readonly", (rows) => rows.get("gateway"));
  const keep = (value) => store("readwrite", (rows) => rows.put(value, "gateway"));
  const forget = () => store("readwrite", (rows) => rows.delete("gateway"));

  // --- the meeting place: `say` sends, `onmessage` hears, `onclose` tells that it is over

  function viaRelay(known) {
    const socket = new WebSocket(`${known.relay.replace(/\/$/, "")}/relay/browser/${known.gateway}`);
    const place = { say: (text) => socket.send(text), close: () => socket.close() };
    place.ready = new Promise((done, failed) => {
      socket.onopen = done;
      socket.onerror = () => failed(new Error("relay"));
      socket.onclose = () => {
        failed(new Error("relay"));
        place.onclose?.();
      };
    });
    socket.onmessage = (event) => place.onmessage?.(event.data);
    return place;
  }

  function viaBroker(known) {
    const caller = random(12);
    const client = new Paho.Client(known.mqtt, `papertap-${caller}`);
    const topic = `papertap/${known.gateway}`;
    const place = { say: (text) => client.send(`${topic}/up/${caller}`, text, 0, false), close: () => client.isConnected() && client.disconnect() };
    client.onMessageArrived = (message) => place.onmessage?.(message.payloadString);
    client.onConnectionLost = () => place.onclose?.();
    place.ready = new Promise((done, failed) => {
      const subscribed = () => client.subscribe(`${topic}/down/${caller}`, { qos: 0, onSuccess: done, onFailure: failed });
      client.connect({ onSuccess: subscribed, onFailure: () => failed(new Error("broker")), timeout: 10 });
    });
    return place;
  }

  // Signed questions and answers: each answer names the question by its hash, and is the gateway's or nobody's.
  async function meet(known) {
    const place = known.relay ? viaRelay(known) : viaBroker(known);
    const theirs = await crypto.subtle.importKey("spki", octets64(known.key), CURVE, false, ["verify"]);
    const open = new Map();
    place.onmessage = async (text) => {
      const envelope = JSON.parse(text);
      const good = await crypto.subtle.verify(SIGN, theirs, octets64(envelope.signature), utf8.encode(envelope.payload));
      if (!good) return;
      const payload = JSON.parse(envelope.payload);
      open.get(payload.to)?.(payload);
      open.delete(payload.to);
    };
    await place.ready;
    const send = async (values) => {
      const payload = JSON.stringify({ gateway: known.gateway, at: Date.now() / 1000, nonce: random(16), language: known.language, ...values });
      const signature = text64(await crypto.subtle.sign(SIGN, known.mine, utf8.encode(payload)));
      const answer = digest(utf8.encode(payload)).then((name) => new Promise((done) => open.set(name, done)));
      await Promise.resolve(); // the answer's place is there before the question is
      place.say(JSON.stringify({ browser: known.browser, payload, signature }));
      return answer;
    };
    return {
      tell: send,
      close: place.close,
      async ask(values) {
        const answer = await Promise.race([send(values), pause(ANSWER).then(() => null)]);
        if (!answer) throw new Error("no answer");
        if (answer.kind === "refused") throw new Said(answer.message);
        return answer;
      },
    };
  }

  // --- the channel

  async function connect(known) {
    const meeting = await meet(known);
    const { servers } = await meeting.ask({ wish: "hello" });
    const peer = new RTCPeerConnection({ iceServers: servers });
    const channel = peer.createDataChannel(LABEL, { ordered: true });
    channel.binaryType = "arraybuffer";
    channel.bufferedAmountLowThreshold = BUFFER / 2;
    const nonce = random(16);
    const late = [];
    let offered = false;
    peer.onicecandidate = ({ candidate }) => {
      if (!candidate) return;
      if (offered) meeting.tell({ wish: "candidate", session: nonce, candidate: candidate.toJSON() });
      else late.push(candidate);
    };
    await peer.setLocalDescription(await peer.createOffer());
    await Promise.race([new Promise((done) => (peer.onicegatheringstatechange = () => peer.iceGatheringState === "complete" && done())), pause(GATHER)]);
    offered = true; // those of before stand in the offer
    const answer = await meeting.ask({ wish: "offer", nonce, sdp: peer.localDescription.sdp });
    await peer.setRemoteDescription({ type: "answer", sdp: answer.sdp });
    await new Promise((done, failed) => {
      channel.onopen = done;
      peer.onconnectionstatechange = () => peer.connectionState === "failed" && failed(new Error("no way through"));
      pause(ANSWER).then(() => failed(new Error("no way through")));
    });
    meeting.close();
    return new Channel(peer, channel);
  }

  class Channel {
    constructor(peer, channel) {
      [this.peer, this.channel, this.asked, this.next, this.ahead] = [peer, channel, new Map(), 1, 0];
      channel.onmessage = ({ data }) => this.heard(JSON.parse(data));
      channel.onclose = () => this.broke();
      peer.onconnectionstatechange = () => ["failed", "closed"].includes(peer.connectionState) && this.broke();
      channel.onbufferedamountlow = () => this.room?.();
    }

    heard(message) {
      if (message.took) {
        this.ahead -= message.took;
        this.room?.();
        return;
      }
      const waiting = this.asked.get(message.id);
      this.asked.delete(message.id);
      if (message.refused) waiting?.failed(Object.assign(new Said(message.message), { kind: message.refused }));
      else waiting?.done(message);
    }

    broke() {
      this.broken = true;
      for (const { failed } of this.asked.values()) failed(new Error("broken"));
      this.asked.clear();
      this.room?.();
    }

    ask(values) {
      return new Promise((done, failed) => {
        if (this.broken) return failed(new Error("broken"));
        const id = this.next++;
        this.asked.set(id, { done, failed });
        this.channel.send(JSON.stringify({ id, ...values }));
      });
    }

    // Octets from `offset` on; resolves with the gateway's word that they are on its disk.
    async send(file, upload, offset, progress, stopped) {
      const seam = offset ? await digest(await file.slice(Math.max(0, offset - SEAM), offset).arrayBuffer()) : undefined;
      this.ahead = 0;
      let refused = null;
      const sent = this.ask({ do: "send", upload, offset, size: file.size, seam });
      sent.catch((error) => (refused = error));
      for (let at = offset; at < file.size; ) {
        const slab = await file.slice(at, at + 16 * PIECE).arrayBuffer();
        for (let piece = 0; piece < slab.byteLength; piece += PIECE) {
          while (!this.broken && !refused && !stopped() && (this.ahead > WINDOW || this.channel.bufferedAmount > BUFFER)) {
            await new Promise((go) => (this.room = go));
          }
          if (this.broken) throw new Error("broken");
          if (refused || stopped()) {
            await this.ask({ do: "stop" }).catch(() => {});
            throw refused ?? new Error("stopped");
          }
          const octets = slab.slice(piece, piece + PIECE);
          this.channel.send(octets);
          this.ahead += octets.byteLength;
          at += octets.byteLength;
          progress(at);
        }
      }
      return sent;
    }

    close() {
      this.peer.close();
    }
  }

  // --- the page at home: this browser becomes known

  const adding = document.getElementById("remote-add");
  if (adding) {
    const words = adding.dataset;
    const said = document.getElementById("remote-said");
    adding.hidden = !(window.isSecureContext && crypto.subtle && window.RTCPeerConnection && window.indexedDB);
    document.getElementById("remote-cannot").hidden = !adding.hidden;
    kept().then((known) => {
      if (!known) return;
      const mine = document.querySelector(`[data-browser="${CSS.escape(known.browser)}"]`);
      if (!mine) return forget(); // taken away meanwhile
      mine.hidden = false;
      adding.hidden = true;
      // The page for outside is kept by the app's worker; browsers give a server that they do not trust no such thing.
      const worker = navigator.serviceWorker?.register("/sw.js") ?? Promise.reject(new Error("none"));
      worker.catch(() => (document.getElementById("remote-unkept").hidden = false));
    });
    adding.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
        const key = text64(await crypto.subtle.exportKey("spki", pair.publicKey));
        const body = new URLSearchParams({ csrf: adding.elements.csrf.value, key });
        const answer = await fetch(adding.action, { method: "POST", body, redirect: "manual" });
        if (answer.type === "opaqueredirect") return location.assign(`/signin/confirm?next=${encodeURIComponent(location.pathname)}`);
        const told = await answer.json();
        if (!answer.ok) throw new Said(told.message);
        await keep({ ...told, mine: pair.privateKey });
        location.assign(`${location.pathname}?done=added`);
      } catch (error) {
        said.textContent = error instanceof Said ? error.message : words.failed;
        said.hidden = false;
      }
    });
  }

  // --- the page outside

  const form = document.getElementById("remote-form");
  if (!form) return;
  const words = form.dataset;
  const state = document.getElementById("remote-state");
  const list = document.getElementById("remote-list");
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });
  const size = (octets) => (octets < 1e6 ? `${number.format(Math.ceil(octets / 1000))} kB` : `${number.format(octets / 1e6)} MB`);
  let channel = null;
  let known = null;
  let running = Promise.resolve();

  function say(text, tone = "") {
    state.textContent = text;
    state.parentElement.className = `notice ${tone}`;
  }

  async function open() {
    for (const [turn, wait] of [0, ...PAUSES].entries()) {
      await pause(wait);
      say(turn ? words.again : words.connecting, "busy");
      try {
        channel = await connect(known);
        const { printers } = await channel.ask({ do: "printers" });
        form.elements.printer.replaceChildren(...printers.map((one) => new Option([one.info, one.location].filter(Boolean).join(" – "), one.name)));
        say(printers.length ? words.ready.replace("{user}", known.user) : words.none, printers.length ? "good" : "warn");
        document.getElementById("remote-fields").hidden = !printers.length;
        return true;
      } catch (error) {
        channel = null;
        if (error instanceof Said) return say(error.message, "bad"), false;
      }
    }
    say(words.away, "bad");
    return false;
  }

  function line(file) {
    const row = document.getElementById("remote-row").content.firstElementChild.cloneNode(true);
    row.querySelector("[data-name]").textContent = file.name;
    list.append(row);
    list.hidden = false;
    const bar = row.querySelector("progress");
    const stop = row.querySelector("[data-stop]");
    const show = { stopped: false };
    stop.onclick = () => {
      show.stopped = true;
      channel?.room?.();
    };
    show.progress = (sent) => {
      [bar.hidden, bar.max, bar.value] = [false, file.size, sent];
      row.querySelector("[data-said]").textContent = words.sending.replace("{sent}", size(sent)).replace("{whole}", size(file.size));
    };
    show.say = (text, tone) => {
      bar.hidden = stop.hidden = true;
      row.querySelector("[data-said]").textContent = text;
      row.className = `upload-row ${tone}`;
      document.getElementById("remote-heard").textContent = `${file.name}: ${text}`;
    };
    return show;
  }

  // A file until it is behind the barrier, over as many connections as it takes.
  async function deliver(file, show) {
    let upload = null;
    for (let breaks = 0; breaks < PAUSES.length; ) {
      try {
        if (channel?.broken ?? true) await open();
        if (!channel) throw new Error("broken");
        const values = { name: file.name, type: file.type || "application/octet-stream", size: file.size, printer: form.elements.printer.value, batch: random(12) };
        const told = upload ? await channel.ask({ do: "resume", upload }) : await channel.ask({ do: "begin", ...values });
        upload = told.upload;
        const done = told.done ? told : await channel.send(file, upload, told.received, show.progress, () => show.stopped);
        return await prepared(done.job, show);
      } catch (error) {
        if (show.stopped) {
          if (upload && channel && !channel.broken) await channel.ask({ do: "drop", upload }).catch(() => {});
          return show.say(words.stopped, "");
        }
        if (error instanceof Said && error.kind !== "conflict") return show.say(error.message, "bad");
        breaks += 1;
        await pause(PAUSES[breaks - 1]);
      }
    }
    show.say(words.lost, "bad");
  }

  // It is safe there from now on; what becomes of it is told as long as the channel lives.
  async function prepared(job, show) {
    show.say(words.sent, "good");
    for (const wait of [300, 500, 1000, 2000, 4000, 8000]) {
      await pause(wait);
      const told = await channel.ask({ do: "job", job }).catch(() => null);
      if (!told) return;
      if (told.failed) return show.say(told.message, "bad");
      if (told.ready) return show.say(words.waiting, "good");
    }
  }

  function take(files) {
    for (const file of files) {
      const show = line(file);
      if (!file.size) show.say(words.empty, "bad");
      else if (file.size > Number(words.largest)) show.say(words.large, "bad");
      else running = running.then(() => deliver(file, show));
    }
  }

  form.addEventListener("submit", (event) => event.preventDefault());
  form.elements.file.addEventListener("change", () => {
    take([...form.elements.file.files]);
    form.elements.file.value = "";
  });

  kept().then(async (found) => {
    known = found;
    document.getElementById("remote-stranger").hidden = Boolean(known);
    form.hidden = !known;
    if (!known) return;
    // Whoever is at home takes the short way. From outside no answer may ever come: nothing waits for it.
    fetch("/healthz", { cache: "no-store" }).then((answer) => (document.getElementById("remote-home").hidden = !answer.ok), () => {});
    await open();
  });
})();
