// Better with JavaScript, complete without it: show a password, count down to the next code, send a complete code.
for (const button of document.querySelectorAll("[data-reveal]")) {
  const input = document.getElementById(button.dataset.reveal);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.textContent = shown ? button.dataset.hide : button.dataset.show;
    button.setAttribute("aria-pressed", String(shown));
    input.focus();
  });
}

for (const button of document.querySelectorAll("[data-wait]")) {
  const text = button.textContent;
  const end = Date.now() + Number(button.dataset.wait) * 1000;
  const tick = () => {
    const left = Math.ceil((end - Date.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? button.dataset.waitText.replace("{}", left) : text;
    if (left > 0) setTimeout(tick, 250);
  };
  tick();
}

for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
  });
}

// A page that comes back from the browser's history takes input again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

const code = document.querySelector("[data-code] input[name=code]");
code?.addEventListener("input", () => {
  if (/^\d{6}$/.test(code.value.replace(/[\s-]/g, ""))) code.form.requestSubmit();
});

document.querySelector("form[data-submit]")?.requestSubmit();
