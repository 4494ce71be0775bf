// Everything is asked for anew when the ledger has grown; what did not change is drawn the same.
let busy = null, again = false;
function refresh() {
  if (busy) { again = true; return busy; }
  busy = (async () => {
    try {
      do { again = false; await load(); } while (again);
      trouble(null);
    } catch (error) { if (error.status !== 401) trouble(error); } finally { busy = null; }
  })();
  return busy;
}
let drawn_ = {};
function changed(name, value) {
  const now = JSON.stringify(value);
  if (drawn_[name] === now) return false;
  drawn_[name] = now;
  return true;
}
async function load() {
  const [status, report, approvals, mandates, drafts, agents, funding] = await Promise.all([get("/status"), get("/report"), get("/approvals"), get("/mandates"), get("/proposals"), get("/agents"), perhaps("/funding-source")]);
  await loadEvents(status.ledgerHead.seq);
  $("signin").hidden = true;
  $("wallet").hidden = false;
  if (changed("state", [status.frozen, status.reason, status.mode, status.network])) showState(status);
  if (changed("approvals", approvals)) showApprovals(approvals);
  if (changed("money", [status.accounts, report.totals, report.payments])) showMoney(status, report);
  if (changed("mandates", mandates)) showMandates(mandates);
  if (changed("drafts", drafts)) showProposals(drafts);
  if (changed("agents", agents)) showAgents(agents);
  if (changed("funding", funding)) showFunding(funding);
  if (changed("head", status.ledgerHead)) { showPayments(); showLedger(status.ledgerHead); }
  document.body.dataset.ready = String(status.ledgerHead.seq);
}
function signedOut() {
  sessionStorage.removeItem("token");
  $("wallet").hidden = true;
  $("signin").hidden = false;
}
function begin() {
  if (!token) return signedOut();
  refresh();
  listen(() => refresh(), (live) => { fill($("link"), live ? "● connected" : "○ not connected"); if (live) refresh(); });
}
takeToken();
$("signin-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token = $("signin-token").value.trim();
  $("signin-token").value = "";
  sessionStorage.setItem("token", token);
  begin();
});
$("payments-search").addEventListener("input", showPayments);
$("payments-status").addEventListener("change", showPayments);
$("mandate-new").addEventListener("click", () => editMandate(null));
$("agent-new").addEventListener("click", newAgent);
begin();
