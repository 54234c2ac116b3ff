// Copies what stands beside a button. The page works without it: texts can be marked and copied by hand.
"use strict";
(() => {
  async function copy(text, code) {
    if (navigator.clipboard) return void (await navigator.clipboard.writeText(text));
    // Over plain HTTP browsers give no clipboard, but still copy what is marked.
    const range = document.createRange();
    range.selectNodeContents(code);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    document.execCommand("copy");
  }

  for (const button of document.querySelectorAll("[data-copy]")) {
    const code = button.parentElement.querySelector("code");
    const label = button.querySelector("[data-copy-label]");
    const [before, after] = [label.textContent, label.dataset.copyLabel];
    label.setAttribute("aria-live", "polite");
    button.hidden = false;
    button.addEventListener("click", async () => {
      await copy(code.textContent, code);
      label.textContent = after;
      setTimeout(() => (label.textContent = before), 2000);
    });
  }
})();
