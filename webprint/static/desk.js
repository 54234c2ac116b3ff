// Prints the slip at the desk's own printer; the browser's menu does the same.
"use strict";
(function () {
  Array.prototype.forEach.call(document.querySelectorAll("[data-print-page]"), function (button) {
    button.hidden = false;
    button.addEventListener("click", function () { window.print(); });
  });
})();
