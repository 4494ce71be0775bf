// What is said to the wallet. The token stays in this tab; the operator secret stays in this page's memory.
let token = null;
let operatorSecret = null;
class Refused extends Error {
  constructor(status, body) {
    super(body.message || "the wallet answered " + status);
    Object.assign(this, { status, code: body.error, hint: body.hint });
  }
}
function takeToken() {
  const given = new URLSearchParams(location.search).get("token");
  if (given) {
    sessionStorage.setItem("token", given);
    history.replaceState(null, "", location.pathname + location.hash);
  }
  token = sessionStorage.getItem("token");
}
function headers(more) {
  const all = Object.assign({ Authorization: "Bearer " + token }, more);
  if (operatorSecret) all["Paywarden-Operator-Secret"] = operatorSecret;
  return all;
}
async function request(method, path, body) {
  const options = { method, headers: headers(body === undefined ? {} : { "Content-Type": "application/json" }) };
  if (body !== undefined) options.body = JSON.stringify(body);
  let response;
  try { response = await fetch(path, options); } catch { throw new Refused(0, { error: "OFFLINE", message: "paywarden does not answer", hint: "Is `paywarden serve` still running?" }); }
  if (response.ok) return response;
  let said = {};
  try { said = await response.json(); } catch { said = {}; }
  if (response.status === 401) { signedOut(); }
  throw new Refused(response.status, said);
}
async function api(method, path, body) {
  for (;;) {
    try { return await (await request(method, path, body)).json(); } catch (error) {
      if (!["OPERATOR_SECRET_REQUIRED", "WRONG_SECRET"].includes(error.code)) throw error;
      const words = error.code === "WRONG_SECRET" ? "That was not the operator secret." : "This needs the operator secret. It stays in this page's memory until you close it.";
      const typed = await ask("Operator secret", words, { yes: "Go on", input: { type: "password", required: true } });
      if (!typed) throw error;
      operatorSecret = typed;
    }
  }
}
const get = (path) => api("GET", path);
const post = (path, body) => api("POST", path, body);
// Optional parts of the wallet may not be there; that is no trouble.
const missing = new Set();
async function perhaps(path) {
  if (missing.has(path)) return null;
  try { return await get(path); } catch (error) {
    if (error.status === 501) missing.add(path);
    if (error.status === 501 || error.status === 404) return null;
    throw error;
  }
}
// Server-sent events by fetch, since EventSource would have to put the token into a URL.
async function listen(onHead, onState) {
  for (let wait = 500; ; wait = Math.min(wait * 2, 8000)) {
    try {
      const response = await request("GET", "/events");
      onState(true);
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ;) {
        const { value, done } = await reader.read();
        if (done) break;
        wait = 500;
        const parts = (rest + value).split("\n\n");
        rest = parts.pop();
        if (parts.some((part) => part.startsWith("event: head"))) onHead();
      }
    } catch (error) { if (error.status === 401) return; }
    onState(false);
    await new Promise((done) => setTimeout(done, wait));
  }
}
async function download(path, name) {
  const blob = await (await request("GET", path)).blob();
  const url = URL.createObjectURL(blob);
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}
