// What the console's pages do beyond links and forms: the command palette, dialogs, copying, uploads, the menu.
const once = (root, selector, mark, attach) => {
  for (const element of root.querySelectorAll(selector)) {
    if (element.dataset[mark]) continue;
    element.dataset[mark] = "yes";
    attach(element);
  }
};

function upload(box) {
  const input = box.querySelector("input[type=file]");
  const drop = box.querySelector(".drop");
  const state = box.querySelector(".state");
  const bar = box.querySelector("progress");
  const alert = box.querySelector("[role=alert]");
  const send = (file) => {
    if (!file) return;
    const request = new XMLHttpRequest();
    request.open("POST", box.dataset.upload);
    request.setRequestHeader("content-type", "application/wasm");
    const signature = box.querySelector("#signature").value.trim();
    if (signature) request.setRequestHeader("keyway-signature", signature.replaceAll("\n", "\\n"));
    alert.hidden = true;
    bar.hidden = false;
    state.textContent = box.dataset.uploading;
    request.upload.addEventListener("progress", (event) => { bar.value = (event.loaded / event.total) * 100; });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      state.textContent = box.dataset.checking;
    });
    const failed = (problems) => {
      bar.hidden = true;
      bar.value = 0;
      state.textContent = "";
      input.value = "";
      alert.replaceChildren(...problems.map((text) => Object.assign(document.createElement("p"), { textContent: text })));
      alert.hidden = false;
    };
    request.addEventListener("error", () => failed([String(request.statusText || "Network error")]));
    request.addEventListener("load", () => {
      if (request.status === 201) { location.assign(request.getResponseHeader("location")); return; }
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { answer = { message: request.statusText }; }
      const list = Array.isArray(answer.data) ? answer.data.map((one) => one.message).filter(Boolean) : [];
      failed(list.length > 0 ? list : [answer.message ?? String(request.status)]);
    });
    request.send(file);
  };
  input.addEventListener("change", () => send(input.files[0]));
  for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
    drop.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", over);
      if (name === "drop") send(event.dataTransfer.files[0]);
    });
  }
}

// Shows the sign-in page as the form's settings make it, while they are being changed.
function preview(form) {
  const frame = document.getElementById("preview");
  const language = document.getElementById("preview-language");
  const phone = document.getElementById("preview-phone");
  let waiting;
  const draw = async () => {
    const body = new URLSearchParams(new FormData(form));
    body.set("preview_language", language.value);
    const answer = await fetch(form.dataset.preview, { method: "POST", body });
    if (answer.ok) frame.srcdoc = await answer.text();
  };
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(draw, 200);
  });
  language.addEventListener("change", draw);
  phone.addEventListener("change", () => frame.classList.toggle("phone", phone.checked));
  draw();
}

function attach(root) {
  once(root, "[data-dialog]", "dialogReady", (button) => {
    button.addEventListener("click", () => document.getElementById(button.dataset.dialog).showModal());
  });
  once(root, "[data-close]", "closeReady", (button) => {
    button.addEventListener("click", () => button.closest("dialog").close());
  });
  once(root, "[data-copy]", "copyReady", (button) => {
    const label = button.textContent;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = label; }, 1500);
    });
  });
  // A choice that changes which fields there are draws the form anew.
  once(root, "[data-operation]", "operationReady", (input) => {
    input.addEventListener("change", () => {
      const form = input.form;
      const button = Object.assign(document.createElement("button"), { name: "op", value: input.dataset.operation, hidden: true, formNoValidate: true });
      form.append(button);
      form.requestSubmit(button);
      button.remove();
    });
  });
  once(root, "[data-upload]", "uploadReady", upload);
  once(root, "[data-preview]", "previewReady", preview);
  once(root, ".menu", "menuReady", (button) => {
    button.addEventListener("click", () => {
      const open = document.getElementById("bar").classList.toggle("open");
      button.setAttribute("aria-expanded", String(open));
    });
  });
  once(root, ".palette-open", "paletteReady", (button) => button.addEventListener("click", openPalette));
  once(root, "#palette", "paletteReady", palette);
}

function openPalette() {
  const dialog = document.getElementById("palette");
  if (dialog.open) return;
  dialog.showModal();
  const text = document.getElementById("palette-text");
  text.value = "";
  text.dispatchEvent(new Event("input"));
  text.focus();
}

function palette(dialog) {
  const text = dialog.querySelector("input");
  const list = dialog.querySelector("ul");
  let shown = [];
  let at = 0;
  const mark = () => {
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    if (list.children[at]) {
      text.setAttribute("aria-activedescendant", list.children[at].id);
      list.children[at].scrollIntoView({ block: "nearest" });
    }
  };
  const go = (link) => { dialog.close(); link?.click(); };
  text.addEventListener("input", () => {
    const wanted = text.value.trim().toLowerCase();
    const links = document.querySelectorAll("#bar a, main a[href^='/console']");
    const known = new Set();
    shown = [...links].filter((link) => {
      const name = (link.getAttribute("aria-label") ?? link.textContent).trim().toLowerCase();
      if (!name.includes(wanted) || known.has(link.href)) return false;
      known.add(link.href);
      return true;
    });
    at = 0;
    list.replaceChildren(...shown.map((link, index) => {
      const item = document.createElement("li");
      item.id = `palette-${index}`;
      item.setAttribute("role", "option");
      item.textContent = (link.getAttribute("aria-label") ?? link.textContent).trim().replace(/\s+/g, " ");
      item.addEventListener("click", () => go(link));
      return item;
    }));
    mark();
  });
  text.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length > 0) {
      event.preventDefault();
      at = (at + step + shown.length) % shown.length;
      mark();
    }
    if (event.key === "Enter") {
      event.preventDefault();
      go(shown[at]);
    }
  });
}

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
  }
});
document.addEventListener("htmx:load", () => attach(document));
// After a page took the place of another, the keyboard and screen readers start at its content; an error is read out first.
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.target !== document.body) return;
  const first = document.querySelector("main [aria-invalid=true], main [role=alert]");
  if (!document.activeElement || document.activeElement === document.body) document.getElementById("content").focus({ preventScroll: true });
  first?.scrollIntoView({ block: "center" });
});
attach(document);
