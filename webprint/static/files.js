// A file may be chosen instead of pasting its text: it is read here and put into the field above.

for (const area of document.querySelectorAll("textarea[name=certificate], textarea[name=key]")) {
  const chosen = Object.assign(document.createElement("input"), { type: "file", accept: ".pem,.crt,.cer,.key" });
  chosen.setAttribute("aria-label", area.closest("label").textContent.trim());
  chosen.addEventListener("change", async () => {
    if (chosen.files.length && chosen.files[0].size < 60000) area.value = await chosen.files[0].text();
  });
  area.closest("label").after(chosen);
}
