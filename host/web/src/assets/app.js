// The console's sheet is not there yet when the browser asks whether it fades in too.
addEventListener("pageswap", (event) => {
  const shown = event.viewTransition;
  if (!shown || !new URL(event.activation.entry.url).pathname.startsWith("/console")) return;
  shown.ready.catch(() => {});
  shown.skipTransition();
});

// Better with JavaScript, complete without it: show a password and judge it, choose a country, count down to the next code,
// send a complete code.
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

// The country of a phone number: named in the reader's language, chosen by what is typed or pasted, and out of the way
// while something else is typed.
for (const box of document.querySelectorAll("[data-numbers]")) {
  const [select, input] = [box.querySelector("select"), box.querySelector("input")];
  const names = new Intl.DisplayNames([document.documentElement.lang], { type: "region", fallback: "code" });
  const [chosen, ...options] = select.options;
  const codes = options.map((option) => ({ id: option.value, code: option.dataset.code }));
  for (const option of options) option.textContent = `${option.textContent.split(" ")[0]} ${names.of(option.value)} +${option.dataset.code}`;
  const name = (option) => names.of(option.value);
  options.sort((one, other) => name(one).localeCompare(name(other), document.documentElement.lang));
  const wanted = chosen.value;
  if (wanted) chosen.remove();
  select.append(...options);
  select.value = wanted;
  const face = Object.assign(document.createElement("span"), { className: "face" });
  face.setAttribute("aria-hidden", "true");
  select.after(face);
  box.classList.add("ready");
  const draw = () => {
    const option = select.selectedOptions[0];
    face.textContent = option?.dataset.code ? `${option.textContent.split(" ")[0]} +${option.dataset.code}` : "+";
    select.style.setProperty("--face", `${face.offsetWidth}px`);
  };
  const read = () => {
    const text = input.value.trim();
    const number = /^[+(]?\d[\d\s().-]{2,}$/.test(text);
    face.hidden = select.hidden = box.dataset.numbers === "also" && !number;
    const international = /^(\+|00)\s*/.exec(text);
    if (international) {
      const digits = text.slice(international[0].length).replace(/\D/g, "");
      const fits = codes.filter(({ code }) => digits.startsWith(code));
      const longest = Math.max(...fits.map(({ code }) => code.length));
      const best = fits.filter(({ code }) => code.length === longest);
      if (best.length > 0 && !best.some(({ id }) => id === select.value)) select.value = best[0].id;
    }
    draw();
  };
  input.addEventListener("input", read);
  select.addEventListener("change", () => { draw(); input.focus(); });
  read();
}

// How hard a new password is to guess, and what the server will say to it. The deny list stays on the server.
for (const box of document.querySelectorAll("[data-strength]")) {
  const input = document.getElementById(box.dataset.strength);
  const verdict = box.querySelector(".verdict");
  const row = (codes) => [0, 1, -1].some((step) => codes.filter((code, at) => at > 0 && code - codes[at - 1] === step).length + 2 >= codes.length);
  const own = (password) => {
    const who = (document.querySelector("#identifier, #username")?.value ?? "").toLowerCase().split("@")[0];
    return who.length >= 4 && password.length < who.length + 4 && password.includes(who);
  };
  const judge = (typed) => {
    const password = typed.toLowerCase();
    const letters = [...password];
    if (letters.length < 8) return [1, box.dataset.short];
    if (row(letters.map((letter) => letter.codePointAt(0)))) return [1, box.dataset.row];
    if (own(password)) return [1, box.dataset.own];
    const kinds = [[/[a-z]/, 26], [/[A-Z]/, 26], [/\d/, 10], [/[ -/:-@[-`{-~]/, 32], [/[^ -~]/, 2000]];
    const pool = kinds.reduce((sum, [kind, size]) => sum + (kind.test(typed) ? size : 0), 0);
    const bits = Math.min(letters.length, new Set(letters).size * 2) * Math.log2(pool);
    const score = bits < 45 ? 1 : bits < 60 ? 2 : bits < 80 ? 3 : 4;
    return [score, box.dataset[score]];
  };
  input.addEventListener("input", () => {
    box.hidden = input.value === "";
    [box.dataset.score, verdict.textContent] = judge(input.value);
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

// One click sends a form once. A form whose request brings no page takes input again: after eight seconds, when the connection
// is back, and when the reader comes back to the page.
const release = () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
};
const say = (text) => {
  let line = document.querySelector("[data-say]");
  if (!line) {
    line = Object.assign(document.createElement("p"), { className: "notice" });
    line.setAttribute("role", "status");
    line.dataset.say = "";
    document.querySelector("main header")?.after(line);
  }
  line.textContent = text;
};
for (const form of document.querySelectorAll("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) return event.preventDefault();
    form.dataset.sent = "yes";
    form.setAttribute("aria-busy", "true");
    setTimeout(() => {
      if (!form.dataset.sent) return;
      release();
      say(document.body.dataset.slow);
    }, 8000);
  });
}
addEventListener("pageshow", release);
addEventListener("online", release);
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") release(); });

// Where a limit on messages was reached, the browser computes for a moment and sends the form again. Without Web Crypto (plain
// http away from this machine) the refusal stays.
const work = document.querySelector("input[data-challenge]");
if (work && crypto.subtle) {
  const { challenge, bits, proving } = work.dataset;
  const alert = document.getElementById("alert");
  if (alert) alert.textContent = proving;
  const text = new TextEncoder();
  const zeros = (hash) => {
    let count = 0;
    for (const byte of hash) {
      if (byte !== 0) return count + Math.clz32(byte) - 24;
      count += 8;
    }
    return count;
  };
  const solve = async () => {
    for (let from = 0; ; from += 512) {
      const tries = Array.from({ length: 512 }, (_, index) => String(from + index));
      const hashes = await Promise.all(tries.map((nonce) => crypto.subtle.digest("SHA-256", text.encode(`${challenge}.${nonce}`))));
      const found = hashes.findIndex((hash) => zeros(new Uint8Array(hash)) >= Number(bits));
      if (found >= 0) return tries[found];
    }
  };
  solve().then((nonce) => {
    work.value = nonce;
    const button = work.form.querySelector("button[value=code]") ?? work.form.querySelector("button[type=submit]");
    button.disabled = false;
    work.form.requestSubmit(button);
  });
}

const code = document.querySelector("[data-code] input[name=code]");
code?.addEventListener("input", () => {
  if (/^\d{6}$/.test(code.value.replace(/[\s-]/g, ""))) code.form.requestSubmit();
});

document.querySelector("form[data-submit]")?.requestSubmit();
