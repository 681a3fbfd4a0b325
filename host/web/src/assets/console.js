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
let waiting;
async function draw() {
  const form = document.querySelector("form[data-preview]");
  const frame = document.getElementById("preview");
  const body = new URLSearchParams(new FormData(form));
  body.set("preview_language", document.getElementById("preview-language").value);
  body.set("preview_scheme", document.getElementById("preview-scheme").value);
  const answer = await fetch(form.dataset.preview, { method: "POST", body }).catch(() => undefined);
  // Where the session has ended, the answer is the page to sign in at.
  if (answer?.ok && !answer.redirected) frame.srcdoc = await answer.text();
}
function preview(form) {
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(draw, 200);
  });
  draw();
}
function previewFrame(frame) {
  const phone = document.getElementById("preview-phone");
  // The rules are set from here: the content policy allows no sheet in the text of a page.
  frame.addEventListener("load", () => {
    const sheet = new frame.contentWindow.CSSStyleSheet();
    sheet.replaceSync(document.querySelector("form[data-preview]").elements.css.value);
    frame.contentDocument.adoptedStyleSheets = [sheet];
  });
  document.getElementById("preview-language").addEventListener("change", draw);
  document.getElementById("preview-scheme").addEventListener("change", draw);
  phone.addEventListener("change", () => frame.classList.toggle("phone", phone.checked));
}

// Entries that are put in order by dragging a handle, or by the arrow keys on it.
function sortable(list) {
  const items = () => [...list.children];
  let dragged;
  const renumber = (changed) => {
    for (const [index, item] of items().entries()) {
      item.querySelector("[data-order]").value = index + 1;
      item.querySelector(".handle").setAttribute("aria-label", `${list.dataset.sortable}: ${item.dataset.name}, ${index + 1} / ${list.children.length}`);
    }
    if (changed) list.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const item of items()) {
    item.querySelector("[data-order]").closest(".field").hidden = true;
    const handle = Object.assign(document.createElement("span"), { tabIndex: 0, className: "handle", textContent: "⠿" });
    handle.setAttribute("role", "button");
    handle.addEventListener("pointerdown", () => { item.draggable = true; });
    handle.addEventListener("pointerup", () => { item.draggable = false; });
    handle.addEventListener("keydown", (event) => {
      const other = { ArrowUp: item.previousElementSibling, ArrowDown: item.nextElementSibling }[event.key];
      if (!["ArrowUp", "ArrowDown"].includes(event.key)) return;
      event.preventDefault();
      if (!other) return;
      if (event.key === "ArrowUp") other.before(item); else other.after(item);
      handle.focus();
      renumber(true);
    });
    item.addEventListener("dragstart", (event) => {
      dragged = item;
      event.dataTransfer.effectAllowed = "move";
      item.classList.add("dragged");
    });
    item.addEventListener("dragover", (event) => {
      if (!dragged) return;
      event.preventDefault();
      const box = item.getBoundingClientRect();
      if (item !== dragged) item[event.clientY > box.top + box.height / 2 ? "after" : "before"](dragged);
    });
    item.addEventListener("dragend", () => {
      item.draggable = false;
      item.classList.remove("dragged");
      dragged = undefined;
      renumber(true);
    });
    item.prepend(handle);
  }
  renumber(false);
}

// A picture goes up as soon as it is chosen; its address takes the place of what was typed.
function picture(box) {
  const address = box.querySelector("input");
  const file = Object.assign(document.createElement("input"), { type: "file", accept: "image/png,image/jpeg,image/gif,image/webp", hidden: true });
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: box.dataset.button });
  const problem = Object.assign(document.createElement("p"), { className: "problem", hidden: true });
  problem.setAttribute("role", "alert");
  button.setAttribute("aria-label", `${box.dataset.button} ${address.labels[0]?.firstChild.textContent.trim() ?? ""}`);
  button.addEventListener("click", () => file.click());
  file.addEventListener("change", async () => {
    if (!file.files[0]) return;
    const body = new FormData();
    body.append("file", file.files[0]);
    button.disabled = true;
    const answer = await fetch(box.dataset.picture, { method: "POST", body }).catch(() => undefined);
    const told = await answer?.json().catch(() => ({}));
    button.disabled = false;
    file.value = "";
    problem.hidden = Boolean(answer?.ok);
    problem.textContent = answer ? (told?.message ?? answer.statusText) : document.getElementById("unsaved").dataset.failed;
    if (!answer?.ok) return;
    address.value = told.url;
    address.dispatchEvent(new Event("input", { bubbles: true }));
  });
  box.append(button, file);
  box.after(problem);
}

// Shows what holds the text that is looked for.
function find(input) {
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    for (const item of document.querySelectorAll(input.dataset.find)) {
      const text = `${item.textContent} ${item.querySelector("input")?.value ?? ""}`.toLowerCase();
      item.hidden = !text.includes(wanted);
    }
  });
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
      // htmx sends the button that was clicked, and knows nothing of the one that requestSubmit names. The button stays for
      // another try, until the form is drawn anew.
      form.querySelector("[data-chosen]")?.remove();
      button.dataset.chosen = "";
      form.append(button);
      button.click();
    });
  });
  once(root, "[data-upload]", "uploadReady", upload);
  once(root, "[data-sortable]", "sortableReady", sortable);
  once(root, "[data-picture]", "pictureReady", picture);
  once(root, "[data-find]", "findReady", find);
  once(root, "#preview", "frameReady", previewFrame);
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
attach(document);
