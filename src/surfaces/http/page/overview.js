// What the owner sees first: frozen or live, what waits, what there is.
function showState(status) {
  const since = status.changedAt ? [" since ", when(status.changedAt)] : [];
  const card = status.frozen
    ? h("div", { class: "card frozen" }, h("div", {}, h("strong", {}, "Frozen"), since, h("p", {}, "Nothing is signed or sent. ", status.reason ? text(status.reason) : "")),
      h("div", { class: "actions" }, action("Unfreeze", "primary", unfreeze)))
    : h("div", { class: "card" }, h("div", {}, h("strong", {}, "Live"), h("p", { class: "quiet" }, modes[status.mode] || visible(status.mode))),
      h("div", { class: "actions" }, action("Freeze everything", "bad", freeze)));
  fill($("state"), card);
  fill($("network"), status.network === "sandbox" ? "sandbox · play money" : visible(status.network));
}
const modes = { tiered: "Small payments go by themselves; larger ones wait for you.", autonomous: "Payments within the rules go by themselves.", "approve-every": "Every payment waits for you.", approve_every: "Every payment waits for you." };
async function freeze() {
  const reason = await ask("Freeze everything?", "No payment is signed or sent until you unfreeze. Say why, if you like.", { yes: "Freeze", kind: "bad", input: { maxlength: "400", placeholder: "Reason" } });
  if (reason === null) return;
  await post("/freeze", reason ? { reason } : {});
  say("The wallet is frozen."); await refresh();
}
async function unfreeze() {
  if (!(await ask("Unfreeze?", "Payments within your rules go out again at once.", { yes: "Unfreeze" }))) return;
  await post("/unfreeze");
  say("The wallet is live."); await refresh();
}
const shownApprovals = new Map();
function showApprovals(approvals) {
  $("waiting").hidden = approvals.length === 0;
  fill($("waiting"), String(approvals.length));
  document.title = (approvals.length ? "(" + approvals.length + ") " : "") + "paywarden";
  const now = new Set(approvals.map((one) => one.approvalId));
  for (const [id, card] of shownApprovals) if (!now.has(id)) { card.remove(); shownApprovals.delete(id); }
  // Cards that are there stay: a button must not move from under the owner's finger.
  const list = $("approvals-list");
  if (approvals.length === 0) return fill(list, h("p", { class: "quiet" }, "Nothing waits for you."));
  if (shownApprovals.size === 0) fill(list);
  for (const one of approvals) {
    if (shownApprovals.has(one.approvalId)) continue;
    const card = approvalCard(one);
    shownApprovals.set(one.approvalId, card);
    list.append(card);
    say("A payment of " + amount(one.amount.amount, one.amount.currency) + " waits for you.");
  }
}
function approvalCard(one) {
  const cart = h("div", {});
  showCart(one.paymentId, cart);
  return h("article", { class: "card approval", "data-approval": one.approvalId },
    h("div", { class: "sum number" }, amount(one.amount.amount, one.amount.currency)),
    h("dl", {}, facts([
      ["To", h("span", { class: "mono" }, visible(one.payeeAddress))],
      ["The agent calls it", one.payeeLabel && text(one.payeeLabel)],
      ["Agent", one.agentId ? text(one.agentId) : "not proven"],
      ["Agent's note", one.memo && text(one.memo)],
      ["Why you", text(one.reason)],
      ["Asked", when(one.askedAt)], ["Lapses", when(one.expiresAt)],
    ])), cart, ruleList(one.rules),
    h("div", { class: "actions" },
      action("Approve", "good", () => resolve(one, true)), action("Reject", "bad", () => resolve(one, false))));
}
async function resolve(one, approved) {
  const result = await post("/approvals/" + encodeURIComponent(one.approvalId) + "/resolve", { approved });
  say((approved ? "Approved: " : "Rejected: ") + visible(result.status || ""));
  await refresh();
}
function ruleList(rules) {
  return h("ul", { class: "rules" }, (rules || []).map((rule) => {
    const words = typeof rule === "string" ? rule : rule.rule + ": " + (rule.pass ? "pass" : "FAIL") + " (" + rule.detail + ")";
    const failed = /: FAIL\b/.test(words);
    return h("li", { class: failed ? "fail" : "pass" }, h("span", { class: "away" }, failed ? "not met: " : "met: "), text(words.replace(/: (pass|FAIL)\b/, "").replace(/_/g, " "), 300));
  }));
}
async function showCart(id, target) {
  const payment = await perhaps("/payments/" + encodeURIComponent(id)).catch(() => null);
  const asked = payment && payment.trail.find((event) => event.type === "payment.requested");
  const request = asked && asked.data.request;
  if (!request) return;
  const cart = request.cart, claims = request.claims || {};
  const lines = (cart && cart.lineItems) || claims.lineItems || [];
  if (claims.intent) target.append(h("p", {}, h("span", { class: "quiet" }, "What for, by the agent's word: "), text(claims.intent)));
  if (lines.length === 0) return;
  const cost = (item) => { const price = item.unitAmount; return price && price.amount ? amount(price.amount, price.currency) : ""; };
  const columns = [
    ["Item", "", (item) => text(item.name || item.title || "", 120)], ["Number", "number", (item) => String(item.quantity || 1)],
    ["Each", "number", cost], ["Kind", "", (item) => (item.category ? text(item.category, 60) : "")],
  ].filter(([, , cell]) => lines.some((item) => cell(item) !== ""));
  target.append(h("table", { class: "cart" },
    h("caption", { class: "quiet" }, cart ? "Cart of " + visible(cart.merchantDomain) + ", checked there: " + amount(cart.total.amount, cart.total.currency) : "Cart, by the agent's word"),
    h("thead", {}, h("tr", {}, columns.map(([name]) => h("th", { scope: "col" }, name)))),
    h("tbody", {}, lines.map((item) => h("tr", {}, columns.map(([, kind, cell]) => h("td", { class: kind }, cell(item))))))));
  if (cart && cart.surcharge) target.append(h("p", {}, h("span", { class: "quiet" }, "Of that the merchant adds for itself, as fees or wrapping: "), amount(cart.surcharge.amount, cart.surcharge.currency)));
}
function showMoney(status, report) {
  fill($("accounts"), status.accounts.map((account) => h("article", { class: "card" },
    h("p", { class: "balance number" }, visible(account.balance) + " XNO"),
    account.reserved !== "0" && account.reserved !== "0.0" && h("p", { class: "quiet" }, visible(account.reserved) + " XNO of it held by open payments"),
    account.alarm && h("p", { class: "trouble" }, text(account.alarm)),
    h("p", { class: "address" }, h("span", { class: "mono" }, visible(account.address))),
    h("div", { class: "actions" },
      action("Copy address", "", async () => { await navigator.clipboard.writeText(account.address); say("Copied."); }),
      action("QR code", "", () => showQr(account))))));
  const sums = (field) => report.totals.map((one) => amount(one[field], one.currency)).join(" · ");
  fill($("totals"), facts([
    ["Settled for good", report.totals.length ? sums("settled") : "nothing yet"],
    ["Held", report.totals.some((one) => one.held !== "0") ? sums("held") : ""],
    ["Payments", ["settled", "held", "denied", "failed", "blocked"].filter((state) => report.payments[state]).map((state) => report.payments[state] + " " + state).join(" · ")],
  ]));
}
async function showQr(account) {
  const blob = await (await request("GET", "/accounts/" + account.index + "/qr")).blob();
  const url = URL.createObjectURL(blob);
  const box = dialog("Receive at account " + account.index, h("img", { class: "qr", src: url, alt: "QR code of the address" }), h("p", { class: "mono" }, account.address));
  box.addEventListener("close", () => URL.revokeObjectURL(url), { once: true });
}
