// Budgets: what an agent may spend, and of what is left.
const FIELDS = { lists: [["allowedPayees", "Allowed payees"], ["allowedCategories", "Allowed categories"], ["blockedCategories", "Blocked categories"], ["allowedMerchants", "Allowed merchants"], ["allowedMerchantDomains", "Allowed merchant domains"]], rails: ["nano", "x402", "acp", "stripe"], days: ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] };
const DAY_MS = 86400000;
function showMandates(mandates) {
  fill($("mandates"), mandates.length ? mandates.map(mandateCard) : h("p", { class: "quiet" }, "No mandate yet. Without one, your policy's limits alone decide."));
}
function mandateCard(mandate) {
  const budgets = (mandate.budgets || []).map((budget) => [
    bar(budget.spent, budget.held, budget.cap, budget.currency, "Budget " + mandate.id),
    h("div", { class: "legend number" }, h("span", { class: "spent" }, amount(budget.spent, budget.currency) + " spent"), h("span", { class: "held" }, amount(budget.held, budget.currency) + " held"), h("span", {}, amount(budget.remaining, budget.currency) + " left of " + amount(budget.cap, budget.currency))),
    budget.window && h("p", { class: "quiet" }, "In " + span(budget.window.durationMs) + ": " + amount(budget.window.spent, budget.currency) + " spent" + (budget.window.remaining ? ", " + amount(budget.window.remaining, budget.currency) + " left" : "") + (budget.window.paymentsRemaining !== undefined ? ", " + budget.window.paymentsRemaining + " payments left" : "")),
  ]);
  const rules = [["Rails", mandate.rails], ["Payees", mandate.allowedPayees], ["Only", mandate.allowedCategories], ["Never", mandate.blockedCategories], ["Merchants", mandate.allowedMerchants], ["At", mandate.allowedMerchantDomains]].filter(([, list]) => list).map(([name, list]) => [name, h("span", { title: visible(list.join("\n")) }, line(list.slice(0, 6).map(brief).join(", ") + (list.length > 6 ? " and " + (list.length - 6) + " more" : ""), 200))]);
  return h("article", { class: "card", "data-mandate": mandate.id },
    h("div", { class: "headline" }, h("h3", {}, line(mandate.id)), h("span", { class: "tag " + (mandate.status === "active" ? "good" : "bad") }, visible(mandate.status) + " · version " + mandate.version)),
    budgets,
    h("dl", { class: "facts" }, facts([["Agent", mandate.agentId ? text(mandate.agentId) : "any"], ["Each payment", mandate.perTxnCap && "at most " + amount(mandate.perTxnCap.amount, mandate.perTxnCap.currency)], ["Each item", mandate.perItemCap && "at most " + amount(mandate.perItemCap.amount, mandate.perItemCap.currency)], ["Until", mandate.expiresAt && when(mandate.expiresAt)], ["Hours", mandate.allowedHours && visible(mandate.allowedHours.from + "–" + mandate.allowedHours.to + " " + mandate.allowedHours.timeZone)], ...rules])),
    h("div", { class: "actions" }, h("button", { type: "button", onclick: () => editMandate(mandate) }, "Amend"), action("Revoke", "bad", () => revoke(mandate))));
}
function brief(words) { return /^(nano|xrb)_.{60}$/.test(words) ? words.slice(0, 12) + "…" + words.slice(-6) : words; }
function span(ms) { return ms % DAY_MS === 0 ? (ms / DAY_MS) + (ms === DAY_MS ? " day" : " days") : (ms / 3600000).toLocaleString(undefined, { maximumFractionDigits: 2 }) + " hours"; }
async function revoke(mandate) {
  if (!(await ask("Revoke “" + visible(mandate.id).slice(0, 60) + "”?", "No payment passes under it again. Its id cannot be used anew.", { yes: "Revoke", kind: "bad" }))) return;
  await post("/mandates/" + encodeURIComponent(mandate.id) + "/revoke");
  say("Revoked."); await refresh();
}
function showProposals(drafts) {
  fill($("proposals"), drafts.map((draft) => h("article", { class: "card approval" },
    h("h3", {}, "An agent proposes a mandate: ", line(draft.mandate.id)),
    h("p", {}, draft.agentId ? ["By ", text(draft.agentId), ". "] : "", draft.note && text(draft.note)),
    h("pre", { dir: "ltr" }, visible(JSON.stringify(draft.mandate, null, 2))),
    h("div", { class: "actions" },
      action("Put in force", "good", async () => { await post("/proposals/" + encodeURIComponent(draft.proposalId) + "/grant"); await refresh(); }),
      action("Turn down", "bad", async () => { await post("/proposals/" + encodeURIComponent(draft.proposalId) + "/reject"); await refresh(); })))));
}
function editMandate(old) {
  const was = old || {}, currency = (was.cap && was.cap.currency) || "XNO";
  const money = (value) => value ? amount(value.amount, value.currency).replace(/\s\S+$/, "").replace(/\u202f/g, "") : "";
  const field = (name, label, value, props) => h("label", {}, label, h("input", Object.assign({ name, value: value || "", autocomplete: "off" }, props)));
  const area = (name, label, list) => { const box = h("textarea", { name, rows: 2, spellcheck: "false" }); box.value = (list || []).join("\n"); return h("label", {}, label + ", one a line", box); };
  const boxes = (name, label, all, chosen) => h("fieldset", { class: "wide" }, h("legend", {}, label), all.map((one) => h("label", {}, h("input", { type: "checkbox", name, value: one, checked: (chosen || []).includes(one) }), " " + one)));
  const hours = was.allowedHours || {}, window_ = was.window || {};
  const caps = h("textarea", { name: "caps", rows: 2, spellcheck: "false" }); caps.value = was.caps ? JSON.stringify(was.caps, null, 1) : "";
  const local = was.expiresAt ? new Date(new Date(was.expiresAt).getTime() - new Date().getTimezoneOffset() * 60000).toISOString().slice(0, 16) : "";
  const wrong = h("p", { class: "trouble", role: "alert", hidden: true });
  const form = h("form", { class: "form", onsubmit: async (event) => {
    event.preventDefault(); wrong.hidden = true;
    try { await post("/mandates", mandateBody(new FormData(form))); $("dialog").close(); say("The mandate is in force."); await refresh(); } catch (error) { wrong.hidden = false; fill(wrong, describe(error)); wrong.scrollIntoView({ block: "nearest" }); }
  } },
    field("id", "Id", was.id, { required: true, readonly: Boolean(old), maxlength: 128 }), field("grantedBy", "Granted by", was.grantedBy, { placeholder: "operator" }),
    field("currency", "Currency", currency, { required: true, maxlength: 12 }), field("cap", "Most in all", money(was.cap), { required: true, inputmode: "decimal" }),
    field("perTxnCap", "Most in one payment", money(was.perTxnCap), { inputmode: "decimal", placeholder: "no limit" }), field("perItemCap", "Most for one item", money(was.perItemCap), { inputmode: "decimal", placeholder: "no limit" }),
    field("windowCap", "Most in a window", money(window_.cap), { inputmode: "decimal", placeholder: "no window" }), field("windowDays", "Length of the window, days", window_.durationMs ? String(window_.durationMs / DAY_MS) : "", { inputmode: "decimal" }), field("windowCount", "Most payments in it", window_.maxCount && String(window_.maxCount), { inputmode: "numeric", placeholder: "no limit" }),
    field("agentId", "Only for agent", was.agentId, { placeholder: "any" }), field("expiresAt", "Until", local, { type: "datetime-local" }),
    h("fieldset", { class: "wide" }, h("legend", {}, "Only at these hours"), h("div", { class: "form" },
      field("hoursFrom", "From (HH:MM)", hours.from), field("hoursTo", "To (HH:MM)", hours.to), field("hoursZone", "Time zone", hours.timeZone, { placeholder: "UTC or +01:00" }),
      boxes("days", "Days they begin on; none for all", FIELDS.days, hours.days))),
    boxes("rails", "Rails; none for any", FIELDS.rails, was.rails),
    FIELDS.lists.map(([name, label]) => area(name, label, was[name])),
    h("label", { class: "wide" }, "Caps in further currencies, as JSON: [{\"cap\": {\"amount\": \"15000\", \"currency\": \"USD\"}}]", caps),
    h("div", { class: "wide" }, wrong), h("div", { class: "actions wide" }, h("button", { class: "primary" }, old ? "Put the new version in force" : "Put in force")));
  dialog(old ? "Amend a mandate" : "New mandate", form);
}
function mandateBody(form) {
  const words = (name) => String(form.get(name) || "").trim();
  const currency = words("currency").toUpperCase();
  const money = (name) => words(name) ? { amount: units(words(name), currency), currency } : undefined;
  const list = (name) => { const lines = words(name).split("\n").map((one) => one.trim()).filter(Boolean); return lines.length ? lines : undefined; };
  const some = (name) => { const all = form.getAll(name).map(String); return all.length ? all : undefined; };
  const body = { id: words("id"), grantedBy: words("grantedBy") || undefined, cap: money("cap"), perTxnCap: money("perTxnCap"), perItemCap: money("perItemCap"), rails: some("rails"), agentId: words("agentId") || undefined };
  if (words("windowCap") || words("windowDays") || words("windowCount")) {
    body.window = { cap: money("windowCap"), durationMs: Math.round(Number(words("windowDays") || "1") * DAY_MS), maxCount: words("windowCount") ? Number(words("windowCount")) : undefined };
  }
  if (words("hoursFrom") || words("hoursTo")) body.allowedHours = { from: words("hoursFrom"), to: words("hoursTo"), timeZone: words("hoursZone") || "UTC", days: some("days") };
  if (words("expiresAt")) body.expiresAt = new Date(words("expiresAt")).toISOString();
  for (const [name] of FIELDS.lists) body[name] = list(name);
  if (words("caps")) { try { body.caps = JSON.parse(words("caps")); } catch { throw new Refused(0, { error: "INVALID_MANDATE", message: "the further caps are no JSON" }); } }
  return body;
}
