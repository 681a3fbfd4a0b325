// What is typed and not saved is known and asked about; a part of a page is exchanged without touching the rest; a request
// that brings no page says so and can be repeated.
(() => {
  // What each form showed when nothing in it was unsaved, by its id.
  const saved = new Map();
  let edited;
  let leaving = false;
  let here = location.href;

  const texts = () => document.getElementById("unsaved").dataset;
  const forms = () => [...document.querySelectorAll("form[data-edit]")];
  const entries = (form) => JSON.stringify([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  const unsaved = () => forms().filter((form) => saved.get(form.id) !== entries(form));
  const pathOf = (address) => new URL(address, location.href).pathname;

  function record() {
    for (const form of forms()) {
      if (form.dataset.recorded) continue;
      form.dataset.recorded = "yes";
      // A form that an operation or a refusal drew anew is as unsaved as before.
      if (!("draft" in form.dataset)) saved.set(form.id, entries(form));
      else if (!saved.has(form.id)) saved.set(form.id, "");
    }
    show();
  }

  function show() {
    const changed = unsaved();
    if (!changed.includes(edited)) edited = changed[0];
    document.getElementById("unsaved").hidden = changed.length === 0;
  }

  function ask(goOn) {
    const dialog = document.getElementById("leave");
    const button = dialog.querySelector("[data-leave]");
    button.onclick = () => {
      dialog.close();
      leaving = true;
      goOn();
    };
    dialog.showModal();
  }

  function bar(element) {
    element.querySelector("[data-save]").addEventListener("click", () => {
      edited?.querySelector("button[type=submit].primary")?.click();
    });
    element.querySelector("[data-discard]").addEventListener("click", () => {
      leaving = true;
      location.replace(location.pathname + location.search);
    });
  }

  function ready() {
    const element = document.getElementById("unsaved");
    if (!element.dataset.ready) {
      element.dataset.ready = "yes";
      bar(element);
    }
    for (const part of document.querySelectorAll("[data-part]")) {
      part.setAttribute("hx-target", "this");
      part.setAttribute("hx-select", `#${part.id}`);
      part.setAttribute("hx-swap", "outerHTML");
      part.setAttribute("hx-push-url", "false");
    }
    record();
  }

  // A notice goes away on its own; an error stays.
  function fade() {
    const notice = document.querySelector("#flash .notice");
    if (notice) setTimeout(() => notice.classList.add("gone"), 6000);
  }

  document.addEventListener("input", (event) => {
    edited = event.target.form ?? edited;
    show();
  });
  document.addEventListener("change", show);

  window.addEventListener("beforeunload", (event) => {
    if (!leaving && unsaved().length > 0) event.preventDefault();
  });

  // Heard before htmx does: Back stays on the page until its reader says so.
  window.addEventListener("popstate", (event) => {
    if (pathOf(here) + new URL(here).search === location.pathname + location.search) return;
    if (leaving || unsaved().length === 0) {
      // htmx restores what it left by a link of its own, and no page that was loaded before a form led on.
      if (!event.state?.htmx) location.reload();
      return;
    }
    event.stopImmediatePropagation();
    history.pushState({ htmx: true }, "", here);
    ask(() => history.back());
  }, true);

  document.addEventListener("htmx:confirm", (event) => {
    const { elt, target, issueRequest } = event.detail;
    if (leaving || target !== document.body || elt.closest("dialog")) return;
    const own = elt.closest("form[data-edit]");
    if (unsaved().every((form) => form === own)) return;
    event.preventDefault();
    ask(() => issueRequest(true));
  });

  // A form that is being drawn anew goes on being filled in: what is chosen or saved meanwhile is sent in place of the first
  // request, and an answer that does not know what was typed since is asked for again. A save is sent once.
  const sent = new WeakMap();
  const draws = ({ triggeringEvent }) => triggeringEvent?.submitter?.name === "op" && !["save", "test"].includes(triggeringEvent.submitter.value);
  document.addEventListener("submit", ({ target }) => {
    if (!target.matches("form[data-edit]")) return;
    target.setAttribute("hx-sync", sent.get(target)?.saves ? "this:drop" : "this:replace");
  }, true);
  document.addEventListener("htmx:beforeSend", ({ detail: { xhr, requestConfig } }) => {
    const { elt } = requestConfig;
    if (elt.matches("form[data-edit]")) sent.set(elt, { xhr, saves: !draws(requestConfig), entries: entries(elt) });
  });
  document.addEventListener("htmx:afterRequest", ({ detail: { xhr, requestConfig } }) => {
    if (sent.get(requestConfig.elt)?.xhr === xhr) sent.delete(requestConfig.elt);
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { requestConfig } = event.detail;
    const request = sent.get(requestConfig.elt);
    if (!request || request.saves || request.entries === entries(requestConfig.elt)) return;
    event.detail.shouldSwap = false;
    event.stopImmediatePropagation();
    setTimeout(() => again(requestConfig));
  });

  // A part of the page takes its own place in the answer, with the page's notice and what else the part names.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const { detail } = event;
    const part = detail.target.closest?.("[data-part]");
    if (!part || !detail.shouldSwap) return;
    const answer = new DOMParser().parseFromString(detail.serverResponse, "text/html");
    const came = pathOf(detail.xhr.responseURL);
    const moved = came !== location.pathname && came !== pathOf(detail.requestConfig.path);
    if (moved || !answer.getElementById(part.id)) {
      detail.target = document.body;
      detail.selectOverride = "unset";
      if (moved) history.pushState({ htmx: true }, "", detail.xhr.responseURL);
      return;
    }
    detail.target = part;
    for (const id of ["flash", "head", ...part.dataset.part.split(" ")]) {
      const [old, fresh] = [document, answer].map((one) => id && one.getElementById(id));
      if (!old || !fresh) continue;
      const copy = document.importNode(fresh, true);
      old.replaceWith(copy);
      htmx.process(copy);
    }
  });

  document.addEventListener("htmx:beforeHistoryUpdate", (event) => {
    const { history: entry } = event.detail;
    if (entry.type === "push" && pathOf(entry.path) + new URL(entry.path, location.href).search === location.pathname + location.search) entry.type = "replace";
  });

  function toast(said, label, act) {
    leaving = false;
    const box = Object.assign(document.createElement("div"), { className: "alert toast" });
    box.setAttribute("role", "alert");
    const button = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: label });
    button.addEventListener("click", () => { box.remove(); act(); });
    const close = Object.assign(document.createElement("button"), { type: "button", className: "small", textContent: "✕" });
    close.setAttribute("aria-label", texts().close);
    close.addEventListener("click", () => box.remove());
    box.append(Object.assign(document.createElement("p"), { textContent: said }), button, close);
    document.querySelector(".toast")?.remove();
    document.body.append(box);
    return box;
  }

  // The same click again: what was typed is still there.
  function again({ elt, triggeringEvent }) {
    const button = triggeringEvent?.submitter;
    if (button?.isConnected) button.click();
    else if (elt.matches("form")) elt.requestSubmit();
    else elt.click();
  }

  for (const name of ["htmx:sendError", "htmx:timeout"]) {
    document.addEventListener(name, (event) => {
      toast(texts().failed, texts().retry, () => again(event.detail.requestConfig));
    });
  }

  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { xhr, requestConfig } = event.detail;
    const retry = () => again(requestConfig);
    // The session is over: signing in goes on in another tab, so that this page keeps what was typed.
    if (xhr.status === 401 && (requestConfig.verb !== "get" || unsaved().length > 0)) {
      event.preventDefault();
      const to = xhr.getResponseHeader("hx-redirect") ?? "/console/sign-in";
      const fresh = new URL(to, location.href).searchParams.has("fresh");
      const box = toast(fresh ? texts().fresh : texts().over, texts().retry, retry);
      const link = Object.assign(document.createElement("a"), { href: `/console/sign-in${fresh ? "?fresh=1" : ""}`, target: "_blank", className: "button small", textContent: texts().signIn });
      box.firstChild.after(link);
    } else if (xhr.status === 404 && requestConfig.verb !== "get") {
      // What was to be changed is not there any more: the page says so, or shows what is.
      event.preventDefault();
      location.reload();
    } else if (xhr.status >= 400 && xhr.status !== 401 && !xhr.responseText.includes('id="content"') && (xhr.status >= 500 || requestConfig.verb !== "get")) {
      event.preventDefault();
      toast(`${texts().failed} (${xhr.status})`, texts().retry, retry);
    }
  });

  // The first field that was refused, or what is said of the whole.
  const refused = () => document.querySelector("main [aria-invalid=true]") ?? document.querySelector("#flash [role=alert]");

  // At once after the swap: the rest waits until the page has settled, and somebody may type by then.
  document.addEventListener("htmx:afterSwap", record);
  document.addEventListener("htmx:load", ready);
  document.addEventListener("htmx:afterSettle", (event) => {
    const { target, requestConfig, xhr } = event.detail;
    leaving = false;
    fade();
    if (target !== document.body) {
      // The same button, or the page's answer, in the part that took the place of the old one.
      const { submitter } = requestConfig?.triggeringEvent ?? {};
      const lost = !document.activeElement || document.activeElement === document.body;
      const button = submitter?.name && [...document.getElementsByName(submitter.name)].find((one) => one.value === submitter.value && !one.classList.contains("default"));
      const answer = document.querySelector("[data-answer]");
      const wrong = refused();
      if (answer && requestConfig?.elt.closest("[data-part]")?.id === answer.closest("[data-part]")?.id) answer.focus();
      else if (xhr?.status >= 400 && wrong) {
        wrong.scrollIntoView({ block: "center" });
        if (wrong.matches("input, select, textarea")) wrong.focus({ preventScroll: true });
      } else if (lost) button?.focus({ preventScroll: true });
      return;
    }
    if (pathOf(here) !== location.pathname) {
      for (const id of saved.keys()) if (!document.getElementById(id)) saved.delete(id);
      if (!location.hash) window.scrollTo(0, 0);
    }
    here = location.href;
    const wrong = refused();
    if (wrong?.matches("input, select, textarea")) wrong.focus({ preventScroll: true });
    if (!document.activeElement || document.activeElement === document.body) document.getElementById("content").focus({ preventScroll: true });
    wrong?.scrollIntoView({ block: "center" });
    show();
  });

  ready();
  fade();
})();
