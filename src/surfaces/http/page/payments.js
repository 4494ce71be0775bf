// Payments as the ledger tells them: each event moves one on.
const payments = new Map();
let lastSeq = 0, firstSeq = 0;
function take(event) {
  const id = event.paymentId;
  if (!id) return;
  let payment = payments.get(id);
  if (!payment) { payment = { id, at: event.at, seq: event.seq, status: "pending", amount: "0", currency: "", payee: "" }; payments.set(id, payment); }
  const data = event.data || {};
  switch (event.type) {
    case "payment.requested": {
      const request = data.request || {};
      Object.assign(payment, { at: event.at, amount: request.amount ? request.amount.amount : "0", currency: request.amount ? request.amount.currency : "", payee: request.payee ? request.payee.address : "", label: request.payee && request.payee.label, memo: data.memo, agent: request.agentId, rail: request.rail, operation: data.operation, mandate: request.mandateId });
      break;
    }
    case "policy.decided": payment.reason = data.reason; if (data.outcome === "deny") payment.status = "denied"; break;
    case "approval.requested": payment.status = "pending_approval"; break;
    case "approval.resolved": payment.status = data.approved === false ? "denied" : "pending"; break;
    case "approval.expired": case "payment.blocked": payment.status = "denied"; payment.reason = data.reason || payment.reason; break;
    case "payment.failed": payment.status = "failed"; payment.reason = data.reason || payment.reason; break;
    case "payment.settled": payment.status = "settled"; payment.settledAt = event.at; break;
    default: break;
  }
}
async function loadEvents(head) {
  if (firstSeq === 0) firstSeq = lastSeq = Math.max(0, head - 1000);
  while (lastSeq < head) {
    const events = await get("/audit?from=" + (lastSeq + 1) + "&limit=1000");
    if (events.length === 0) break;
    events.forEach(take);
    lastSeq = events[events.length - 1].seq;
  }
}
async function loadOlder() {
  const from = Math.max(1, firstSeq - 999);
  const events = await get("/audit?from=" + from + "&limit=" + (firstSeq - from + 1));
  const known = new Map(payments);
  payments.clear();
  events.forEach(take);
  for (const [id, payment] of known) payments.set(id, Object.assign(payments.get(id) || {}, payment.payee ? payment : { status: payment.status, settledAt: payment.settledAt, id, reason: payment.reason }));
  firstSeq = from - 1;
  showPayments();
}
const kinds = { settled: "good", denied: "bad", failed: "bad", pending_approval: "wait", pending: "wait" };
const named = (status) => status.replace("_", " ");
let most = 50;
function showPayments() {
  const wanted = $("payments-search").value.trim().toLowerCase(), status = $("payments-status").value;
  const fits = (payment) => (!status || payment.status === status) && (!wanted || [payment.id, payment.payee, payment.label, payment.memo, payment.agent, payment.operation, payment.mandate, payment.reason, amount(payment.amount, payment.currency)].some((words) => words && String(words).toLowerCase().includes(wanted)));
  const found = [...payments.values()].filter((payment) => payment.currency && fits(payment)).sort((a, b) => b.seq - a.seq);
  const rows = found.slice(0, most).map((payment) => h("button", { class: "row", type: "button", onclick: () => showPayment(payment.id) },
    h("small", { class: "when" }, when(payment.at)),
    h("span", { class: "who" }, line(payment.label || payment.payee), h("small", {}, line([payment.memo, payment.agent && "by " + payment.agent, payment.status === "denied" && payment.reason].filter(Boolean).join(" · ") || payment.operation || "", 110))),
    h("b", { class: "number" }, shortened(payment)), h("span", { class: "tag " + (kinds[payment.status] || "") }, named(payment.status))));
  fill($("payments-list"), rows.length ? rows : h("p", { class: "quiet" }, payments.size ? "No payment fits." : "No payment yet."),
    h("div", { class: "actions" },
      found.length > most && action("Show more", "", async () => { most += 50; showPayments(); }),
      firstSeq > 0 && action("Look further back", "", loadOlder)));
  fill($("chart"), chart(payments));
}
function shortened(payment) {
  const all = amount(payment.amount, payment.currency);
  return all.length > 26 ? h("span", { title: all }, all.slice(0, 16) + "… " + visible(payment.currency)) : all;
}
async function showPayment(id) {
  const payment = await get("/payments/" + encodeURIComponent(id)).catch((error) => { trouble(error); return null; });
  if (!payment) return;
  dialog(amount(payment.amount, payment.currency), h("span", { class: "tag " + (kinds[payment.status] || "") }, named(payment.status)),
    h("p", {}, text(payment.summary, 400)),
    h("dl", { class: "facts" }, facts([
      ["To", h("span", { class: "mono" }, visible(payment.payeeAddress))], ["Payment", h("span", { class: "mono" }, visible(payment.paymentId))],
      ["Block", payment.blockHash && h("span", { class: "mono" }, visible(payment.blockHash))], ["Through", visible(payment.operation)],
      ["Reason", text(payment.reason)], ["What would pass", payment.wouldPass && text(payment.wouldPass)],
    ])), ruleList(payment.rules), h("h3", {}, "Trail on the ledger"),
    h("ol", { class: "trail" }, payment.trail.map((event) => h("li", {},
      h("b", {}, visible(event.type)), " ", h("small", {}, "#" + event.seq + " ", when(event.at)),
      h("details", {}, h("summary", {}, "Details"), h("pre", { dir: "ltr" }, visible(JSON.stringify(event.data, null, 2)).slice(0, 20000)))))));
}
