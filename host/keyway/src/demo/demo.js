// A single-page application as anyone would write it: authorization code with PKCE, nothing of Keyway's own.
const config = await (await fetch("/config.json")).json();
const account = document.getElementById("account");
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const redirectUri = `${location.origin}/callback`;

async function signIn() {
  const verifier = random();
  const state = random();
  sessionStorage.setItem("pending", JSON.stringify({ verifier, state }));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  const query = new URLSearchParams({
    client_id: config.clientId, redirect_uri: redirectUri, response_type: "code", scope: "openid profile phone email",
    state, code_challenge: base64url(digest), code_challenge_method: "S256",
  });
  location.assign(`${config.endpoint}/oidc/auth?${query}`);
}

async function finish(query) {
  const pending = JSON.parse(sessionStorage.getItem("pending") ?? "{}");
  sessionStorage.removeItem("pending");
  history.replaceState(null, "", "/");
  if (query.get("error")) throw new Error(query.get("error_description") ?? query.get("error"));
  if (!pending.state || query.get("state") !== pending.state) throw new Error("This answer was not asked for here.");
  const body = new URLSearchParams({
    grant_type: "authorization_code", client_id: config.clientId, code: query.get("code"), redirect_uri: redirectUri,
    code_verifier: pending.verifier,
  });
  const tokens = await (await fetch(`${config.endpoint}/oidc/token`, { method: "POST", body })).json();
  if (!tokens.access_token) throw new Error(tokens.error_description ?? "The code was refused.");
  sessionStorage.setItem("token", tokens.access_token);
}

function show(...nodes) {
  account.replaceChildren(...nodes);
}

function element(name, text, onclick) {
  const node = document.createElement(name);
  node.textContent = text;
  if (onclick) node.addEventListener("click", onclick);
  return node;
}

async function render() {
  const token = sessionStorage.getItem("token");
  const headers = { authorization: `Bearer ${token}` };
  const answer = token ? await fetch(`${config.endpoint}/oidc/me`, { headers }) : null;
  if (!answer?.ok) {
    sessionStorage.removeItem("token");
    show(element("p", "You are not signed in."), element("button", "Sign in", signIn));
    return;
  }
  const list = document.createElement("dl");
  for (const [name, value] of Object.entries(await answer.json())) {
    if (value !== null) list.append(element("dt", name), element("dd", String(value)));
  }
  show(element("p", "You are signed in."), list, element("button", "Sign out", () => {
    sessionStorage.removeItem("token");
    const query = new URLSearchParams({ client_id: config.clientId, post_logout_redirect_uri: `${location.origin}/` });
    location.assign(`${config.endpoint}/oidc/session/end?${query}`);
  }));
}

async function readInbox() {
  const messages = await (await fetch("/messages")).json();
  if (messages.length > 0) {
    document.getElementById("messages").replaceChildren(...messages.map((message) => {
      const item = document.createElement("li");
      const code = element("div", message.code);
      code.className = "code";
      const about = element("div", `+${message.to} · ${message.usage} · ${new Date(message.at).toLocaleTimeString()}`);
      about.className = "soft";
      item.append(code, about);
      return item;
    }));
  }
  setTimeout(readInbox, 1000);
}

readInbox();
try {
  if (location.pathname === "/callback") await finish(new URLSearchParams(location.search));
  await render();
} catch (error) {
  show(element("p", error.message), element("button", "Try again", signIn));
}
