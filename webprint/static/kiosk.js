// The release station: card readers, number pad, countdown and news. Each page works without it, and it is written
// for the browsers that printers have: nothing newer than XMLHttpRequest.
"use strict";
(function () {
  var FAST = 50; // milliseconds a key, on the average of a whole number: a reader is faster, a person slower
  var GAP = 200; // milliseconds without a key: what comes then begins anew
  var SHORTEST = 4; // digits of a card
  var NEWS = 2000; // milliseconds between two looks at what has changed
  var STAY = 4000; // milliseconds between two signs of life sent to the server
  var body = document.body;
  var at = body.getAttribute("data-at");
  var root = document.documentElement;
  root.className += " js";

  function all(selector, within) {
    return Array.prototype.slice.call((within || document).querySelectorAll(selector));
  }

  function ask(method, url, done, data, state) {
    var request = new XMLHttpRequest();
    request.open(method, url);
    request.setRequestHeader(method === "GET" ? "Papertap-Live" : "Papertap-Quiet", "yes");
    if (method === "POST") request.setRequestHeader("Content-Type", "application/x-www-form-urlencoded");
    if (state) request.setRequestHeader("If-None-Match", state);
    request.onload = function () { done(request); };
    request.onerror = function () { done(null); }; // the server is away for a moment; the next round asks again
    request.send(data || null);
    return request;
  }

  // --- a card: what is typed faster than a person can, and ended by Enter, wherever the focus is

  var typed = "", began = 0, last = 0, before = "", field = null;
  var card = document.getElementById("card-form");

  function forget() {
    typed = "";
    field = null;
  }

  function key(event) {
    if (!card || event.ctrlKey || event.altKey || event.metaKey) return;
    var now = event.timeStamp || Date.now();
    if (event.key === "Enter") {
      if (typed.length >= SHORTEST && (last - began) / (typed.length - 1) < FAST && now - last < GAP) {
        event.preventDefault();
        event.stopPropagation();
        if (field) field.value = before;
        card.elements.card.value = typed;
        card.submit();
      }
      forget();
      return;
    }
    if (event.key === "Shift" || event.key === "CapsLock") return; // readers press them for letters
    if (!event.key || event.key.length !== 1) return void forget();
    if (!typed || now - last > GAP) {
      typed = "";
      began = now;
      field = event.target && "value" in event.target && event.target.type !== "checkbox" ? event.target : null;
      before = field ? field.value : "";
    }
    typed += event.key;
    last = now;
  }

  document.addEventListener("keydown", key, true);

  // --- the number pad; a keyboard on the screen would only cover it

  all("[data-pad]").forEach(function (pad) {
    var input = pad.parentNode.querySelector("input.k-digits");
    pad.hidden = false;
    all("[data-nopad]", pad.parentNode).forEach(function (button) { button.hidden = true; });
    if (matchMedia("(pointer: coarse)").matches) input.setAttribute("inputmode", "none");
    pad.addEventListener("click", function (event) {
      var button = event.target;
      while (button !== pad && button.tagName !== "BUTTON") button = button.parentNode;
      if (button.hasAttribute("data-back")) input.value = input.value.slice(0, -1);
      else if (button.hasAttribute("data-digit") && input.value.length < input.maxLength) input.value += button.getAttribute("data-digit");
    });
    document.addEventListener("keydown", function (event) {
      var free = document.activeElement === body || document.activeElement === null || document.activeElement.id === "main";
      if (free && /^[0-9]$/.test(event.key || "")) input.focus();
    });
  });

  // --- going away by itself

  var stay = document.getElementById("stay");
  var leave = document.getElementById("leave");

  function home() {
    location.replace(at);
  }

  if (body.getAttribute("data-away")) {
    var idle = 0, most = Number(body.getAttribute("data-away"));
    document.addEventListener("keydown", function () { idle = 0; });
    document.addEventListener("click", function () { idle = 0; });
    setInterval(function () { if (++idle >= most) home(); }, 1000);
  }

  if (stay) {
    var seconds = Number(stay.getAttribute("data-seconds")), left = seconds, told = 0, gone = false;
    var count = stay.querySelector("[data-count]"), say = stay.querySelector("[data-say]");
    var token = "csrf=" + encodeURIComponent(stay.elements.csrf.value);

    var show = function () {
      count.textContent = String(left);
      root.className = root.className.replace(/ hurry/g, "") + (left <= 10 ? " hurry" : "");
      if (left === 10 || left === 5) say.textContent = stay.getAttribute("data-left").replace("{n}", String(left));
      if (left === seconds) say.textContent = "";
    };
    var here = function () {
      if (gone) return;
      left = seconds;
      show();
      if (Date.now() - told < STAY) return;
      told = Date.now();
      ask("POST", stay.action, function (answer) { if (answer && answer.status !== 204) home(); }, token);
    };
    stay.addEventListener("submit", function (event) {
      event.preventDefault();
      told = 0;
      here();
    });
    ["pointerdown", "touchstart", "keydown", "scroll"].forEach(function (name) {
      document.addEventListener(name, function (event) { if (!leave.contains(event.target)) here(); }, { passive: true });
    });
    var due = Date.now() + seconds * 1000;
    setInterval(function () {
      left -= 1;
      if (left <= 0 && !gone) {
        gone = true;
        leave.submit();
      } else if (!gone) show();
    }, 1000);
    // Timers sleep with the device: whoever wakes it is not the one who put it to sleep.
    document.addEventListener("visibilitychange", function () { if (!document.hidden && Date.now() > due) refresh(); });
    show();
  }

  // --- jobs: how many are ticked, and what has changed meanwhile

  var jobs = document.getElementById("jobs");

  function boxes() {
    return all('input[name="job"]', jobs);
  }

  function label() {
    all("[data-print]", jobs).forEach(function (text) {
      var button = text.parentNode, chosen = boxes().filter(function (box) { return box.checked; }).length;
      text.textContent = chosen === 1 ? button.getAttribute("data-one") : button.getAttribute("data-many").replace("{n}", String(chosen));
      button.disabled = chosen === 0;
    });
  }

  function refresh() {
    if (document.hidden) return;
    if (!jobs) return void location.reload();
    ask("GET", at, function (answer) {
      if (!answer || answer.status !== 200) return; // 304: nothing new
      var page = new DOMParser().parseFromString(answer.responseText, "text/html"), fresh = page.getElementById("jobs");
      if (!fresh) return void home(); // signed out meanwhile
      if (fresh.getAttribute("data-state") === jobs.getAttribute("data-state")) return;
      var ticked = {};
      boxes().forEach(function (box) { ticked[box.value] = box.checked; });
      var chosen = jobs.querySelector('input[name="device"]:checked'), focus = document.activeElement;
      var charge = jobs.querySelector(".charge"); // what was chosen and typed there stays
      jobs.innerHTML = fresh.innerHTML;
      if (charge && jobs.querySelector(".charge")) jobs.replaceChild(charge, jobs.querySelector(".charge"));
      jobs.setAttribute("data-state", fresh.getAttribute("data-state"));
      boxes().forEach(function (box) { if (box.value in ticked) box.checked = ticked[box.value]; });
      if (chosen) all('input[name="device"]', jobs).forEach(function (one) { if (one.value === chosen.value && !one.disabled) one.checked = true; });
      if (focus && focus.name === "job") boxes().forEach(function (box) { if (box.value === focus.value) box.focus(); });
      label();
    }, null, jobs.getAttribute("data-state"));
  }

  if (jobs) {
    jobs.addEventListener("change", label);
    label();
    setInterval(refresh, NEWS);
    // After an action the address is the action's; a reload shall show the list instead of asking to send again.
    history.replaceState(null, "", at);
    if (document.getElementById("notes")) document.getElementById("notes").focus();
  }

  // --- the idle screen: the device and the last release

  var news = body.getAttribute("data-last"), live = document.getElementById("last");

  function tell() {
    if (document.hidden || !news || !live) return;
    ask("GET", news, function (answer) {
      if (answer && answer.status === 200 && live.innerHTML !== answer.responseText) live.innerHTML = answer.responseText;
    });
  }

  if (news && live) setInterval(tell, NEWS);

  // --- a phone: the code changes, and once it was approved the page goes on

  var phone = document.getElementById("phone"), scanned = document.getElementById("phone-form"), code = "", sent = false;

  function scan() {
    if (document.hidden || sent) return;
    ask("GET", phone.getAttribute("data-phone"), function (answer) {
      if (!answer || answer.status !== 200 || sent) return; // 304: the same code
      phone.innerHTML = answer.responseText;
      code = answer.getResponseHeader("ETag") || "";
      if (!phone.querySelector("[data-approved]")) return;
      sent = true;
      scanned.submit();
    }, null, code);
  }

  if (phone) {
    scan();
    setInterval(scan, 1500);
  }

  // --- a reader of its own, which is not this browser's keyboard: the gateway tells when a card was held to it

  var reader = body.getAttribute("data-reader"), wait = 1000;

  function listen() {
    var socket = new WebSocket((location.protocol === "https:" ? "wss://" : "ws://") + location.host + reader);
    socket.onopen = function () { wait = 1000; };
    socket.onmessage = function (event) {
      var message = JSON.parse(event.data);
      if (message.type === "state") {
        if (jobs) refresh();
        else tell();
      } else if (message.type === "tap" && card) {
        card.elements["with"].value = "tap";
        card.elements.card.value = message.ticket;
        card.submit();
      }
    };
    socket.onclose = function () {
      setTimeout(listen, wait);
      wait = Math.min(wait * 2, 30000);
    };
  }

  if (reader && window.WebSocket) listen();

  // The back button shall not bring back what somebody else looked at.
  window.addEventListener("pageshow", function (event) { if (event.persisted) home(); });
})();
