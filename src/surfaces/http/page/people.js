// Agents, the card for merchants, and the ledger.
function showAgents(agents) {
  const open = agents.length === 0;
  fill($("agents-list"), open ? h("p", { class: "quiet" }, "No agent is registered: every program on this machine may ask the wallet. From the first one on, none is served without its token.") : h("div", { class: "list" }, agents.map((agent) => h("div", { class: "item", "data-agent": agent.id },
    h("span", {}, h("b", {}, line(agent.id)), " ", agent.label && h("small", {}, line(agent.label), " · "), h("small", {}, "since ", when(agent.registeredAt))),
    agent.live ? h("span", {}, action("Shut out", "bad", () => shutOut(agent))) : h("span", { class: "tag bad" }, "shut out")))));
}
async function shutOut(agent) {
  if (!(await ask("Shut out “" + visible(agent.id).slice(0, 60) + "”?", "Its token is worth nothing from then on. What it has asked for goes its way.", { yes: "Shut out", kind: "bad" }))) return;
  await api("DELETE", "/agents/" + encodeURIComponent(agent.id));
  await refresh();
}
function newAgent() {
  const wrong = h("p", { role: "alert" });
  const form = h("form", { class: "form", onsubmit: async (event) => {
    event.preventDefault();
    const given = new FormData(form);
    try {
      const agent = await post("/agents", { id: String(given.get("id")).trim(), label: String(given.get("label")).trim() || undefined });
      dialog("Token of " + visible(agent.id), h("p", {}, "Give it to the agent's host as PAYWARDEN_AGENT_TOKEN, or as a bearer token. It is shown once."), h("code", { class: "secret", tabindex: "0" }, agent.token),
        h("div", { class: "actions" }, action("Copy", "primary", () => navigator.clipboard.writeText(agent.token))));
      await refresh();
    } catch (error) { fill(wrong, describe(error)); }
  } }, h("label", {}, "Id", h("input", { name: "id", required: true, maxlength: "64", autocomplete: "off", pattern: "[A-Za-z0-9._@:\\-]+" })), h("label", {}, "What you call it", h("input", { name: "label", maxlength: "128", autocomplete: "off" })),
    h("div", { class: "wide" }, wrong), h("div", { class: "actions wide" }, h("button", { class: "primary" }, "Let in")));
  dialog("Let an agent in", form);
}
function showFunding(funding) {
  $("funding").hidden = funding === null;
  if (funding === null) return;
  const there = funding.registered === undefined ? Boolean(funding.last4 || funding.brand) : funding.registered;
  fill($("funding-view"), there
    ? h("div", { class: "list" }, h("div", { class: "item" }, h("span", {}, line([funding.brand, funding.last4 && "•••• " + funding.last4, funding.label].filter(Boolean).join(" "))), h("span", {}, action("Forget it", "bad", async () => { if (await ask("Forget the card?", "Merchants cannot be paid by card until you register one.", { yes: "Forget it", kind: "bad" })) { await api("DELETE", "/funding-source"); await refresh(); } }))))
    : [h("p", { class: "quiet" }, "None. Merchants cannot be paid by card."), h("button", { type: "button", onclick: newFunding }, "Register a card")]);
}
function newFunding() {
  const wrong = h("p", { role: "alert" });
  const input = (name, label, props) => h("label", {}, label, h("input", Object.assign({ name, autocomplete: "off" }, props)));
  const form = h("form", { class: "form", onsubmit: async (event) => {
    event.preventDefault();
    const body = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).trim()]).filter(([, value]) => value));
    try { await post("/funding-source", body); $("dialog").close(); await refresh(); } catch (error) { fill(wrong, describe(error)); }
  } }, input("paymentMethodId", "Stripe payment method", { required: true, placeholder: "pm_…", type: "password" }), input("brand", "Brand"), input("last4", "Last four digits", { maxlength: "4", inputmode: "numeric" }), input("label", "Label"),
    h("div", { class: "wide" }, wrong), h("div", { class: "actions wide" }, h("button", { class: "primary" }, "Register")));
  dialog("Card for merchants", form);
}
let verdict = null;
function showLedger(head) {
  const verdictLine = h("p", { role: "status" }, verdict);
  const check = async (deep) => {
    fill(verdictLine, "Checking…");
    const found = await get("/audit/verify" + (deep ? "?deep=true" : ""));
    verdict = found.ok ? "✓ The ledger holds: " + found.events + " events, " + found.anchors + " noted heads found in it" + (found.deep ? ", and the books are exactly their fold." : ".") : "✗ The ledger is BROKEN at event " + found.brokenAt + ": " + visible(found.reason);
    fill(verdictLine, h("span", { class: found.ok ? "" : "trouble" }, verdict));
  };
  fill($("ledger-view"), h("dl", { class: "facts" }, facts([["Events", h("span", { class: "number" }, String(head.seq))], ["Head", h("span", { class: "mono" }, head.seq + ":" + visible(head.hash))]])), verdictLine,
    h("div", { class: "actions" }, action("Verify", "primary", () => check(false)), action("Verify deeply", "", () => check(true)), action("Export", "", () => download("/audit?format=ndjson", "paywarden-ledger.jsonl"))));
}
