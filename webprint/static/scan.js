// The camera as a reader of printers' codes: by the browser itself where it can, else by a small decoder of ours.
"use strict";
(() => {
  const box = document.getElementById("scanner"), video = box.querySelector("video"), words = box.dataset;
  const start = document.getElementById("start"), said = document.getElementById("scan-said");
  const PAUSE = 120; // milliseconds between two looks
  const PLACE = /^\/p\/[A-Za-z0-9-]{1,63}$/;
  let stream = null;

  if (!navigator.mediaDevices?.getUserMedia) return void (said.textContent = words.none);
  start.hidden = false;

  // Only the path counts, and only that of a printer: a code on a wall must not lead anywhere else.
  function placeOf(text) {
    try {
      const url = new URL(text), code = url.searchParams.get("c");
      if (!PLACE.test(url.pathname)) return null;
      return url.pathname + (code && /^[A-Za-z0-9_-]{20,100}$/.test(code) ? `?c=${code}` : "");
    } catch {
      return null;
    }
  }

  async function reader() {
    if ("BarcodeDetector" in window) {
      try {
        if ((await BarcodeDetector.getSupportedFormats()).includes("qr_code")) {
          const detector = new BarcodeDetector({ formats: ["qr_code"] });
          return async () => (await detector.detect(video))[0]?.rawValue ?? null;
        }
      } catch { /* it is there, and cannot */ }
    }
    await new Promise((done, failed) => {
      const script = document.createElement("script");
      [script.src, script.onload, script.onerror] = [words.decoder, done, failed];
      document.head.append(script);
    });
    const canvas = document.createElement("canvas"), drawing = canvas.getContext("2d", { willReadFrequently: true });
    return async () => {
      const scale = Math.min(1, 800 / Math.max(video.videoWidth, video.videoHeight));
      [canvas.width, canvas.height] = [Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale)];
      drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
      const { width, height } = canvas;
      try {
        return PapertapQr.decodeQR({ width, height, data: drawing.getImageData(0, 0, width, height).data });
      } catch {
        return null; // no code in the picture
      }
    };
  }

  function stop() {
    for (const track of stream?.getTracks() ?? []) track.stop();
    stream = null;
  }

  async function look(read) {
    while (stream) {
      const text = video.videoWidth ? await read().catch(() => null) : null;
      const place = text && placeOf(text);
      if (place) {
        stop();
        location.href = place;
        return;
      }
      if (text) said.textContent = words.strange;
      await new Promise((done) => setTimeout(done, PAUSE));
    }
  }

  start.addEventListener("click", async () => {
    said.textContent = "";
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    } catch (error) {
      said.textContent = error.name === "NotAllowedError" ? words.denied : words.none;
      return;
    }
    start.hidden = true;
    video.hidden = false;
    video.srcObject = stream;
    await video.play();
    look(await reader());
  });

  addEventListener("pagehide", stop);
})();
