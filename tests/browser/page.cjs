// Browser tests of the owner's page: a wallet of play money, served on free ports, used like its owner would.
"use strict";
const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const fs = require("node:fs");
const http = require("node:http");
const os = require("node:os");
const path = require("node:path");
const { chromium } = require("playwright-core");

const TOKEN = "a-token-for-tests-0123456789";
const SHOP = "nano_1enzzhjtfwyk7joubjfmbm3wptxgjprc4tkequeeukcwz8ps8uroee395wjx";
const OTHER = "nano_1111111111111111111111111111111111111111111111111111hifc8npp";
const SHOTS = process.argv.includes("--shots") ? path.resolve("docs/images") : null;
const XNO = (text) => { const [whole, part = ""] = text.split("."); return (whole + part.padEnd(30, "0")).replace(/^0+/, ""); };
const HOSTILE = "<script>window.hacked = 1</script><img src=x onerror=\"window.hacked = 1\"> \u202egnp.drac\u2066 " + "A".repeat(180);

function serve(home) {
  const any = "127.0.0.1:0";
  const child = spawn(process.env.BINARY, ["serve", "--http-listen-addr", any, "--pay-addr", any, "--control-addr", any, "--mcp-addr", "off"],
    { env: { HOME: home, PATH: process.env.PATH, PAYWARDEN_HOME: path.join(home, "wallet"), PAYWARDEN_CONTROL_TOKEN: TOKEN }, stdio: ["ignore", "ignore", "pipe"] });
  return new Promise((done, failed) => {
    let said = "";
    child.stderr.on("data", (bytes) => {
      said += bytes;
      if (!said.includes("Your page")) return;
      const at = (name) => "http://" + new RegExp("^  " + name + " +http://([0-9.:]+)", "m").exec(said)[1];
      done({ child, agents: at("agents"), pay: at("pay"), control: at("control") });
    });
    child.on("exit", () => failed(new Error("the wallet ended: " + said)));
  });
}

async function json(method, url, body, token) {
  const headers = body === undefined ? {} : { "Content-Type": "application/json" };
  if (token) headers.Authorization = "Bearer " + token;
  const response = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  return response.json();
}

async function until(what, check) {
  for (let turn = 0; turn < 300; turn += 1) {
    const found = await check();
    if (found) return found;
    await new Promise((done) => setTimeout(done, 50));
  }
  throw new Error("it never came: " + what);
}

async function main() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), "paywarden-page-"));
  const wallet = await serve(home);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox", "--disable-gpu"] });
  try {
    await until("the gift", async () => (await json("GET", wallet.agents + "/wallet/balance")).data.balance === "100.0");
    const pay = (amount, to, more, token) => json("POST", wallet.pay + "/pay", Object.assign({ rail: "nano", amount: { amount: XNO(amount), currency: "XNO" }, payee: { address: to, label: (more || {}).label }, memo: (more || {}).memo, lineItems: (more || {}).lineItems }), token);
    const owner = (method, at, body) => json(method, wallet.control + at, body, TOKEN);
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 } });
    const page = await context.newPage();
    const wrong = [];
    page.on("pageerror", (error) => wrong.push("error: " + error.message));
    page.on("console", (message) => { if (message.type() === "error" && !message.text().includes("501")) wrong.push("console: " + message.text()); });
    await page.goto(wallet.control + "/?token=" + TOKEN);
    await page.waitForSelector("body[data-ready]");
    assert.equal(page.url(), wallet.control + "/", "the token is stripped from the URL");
    assert.match(await page.textContent("#state"), /Live/);
    step("opens with the token, which leaves the URL");

    const waiting = await pay("3.5", SHOP, { label: "Tea House", memo: "Two tins of sencha", lineItems: [{ name: "Sencha, 100 g", quantity: 2, category: "tea" }] });
    assert.equal(waiting.status, "pending_approval", JSON.stringify(waiting));
    const card = page.locator("[data-approval='" + waiting.approvalId + "']");
    await card.waitFor();
    await card.locator(".cart").waitFor();
    const words = await card.innerText();
    for (const part of ["3.5 XNO", SHOP, "Tea House", "Two tins of sencha", "Sencha, 100 g", "auto approve"]) assert.ok(words.includes(part), part + " in " + words);
    await card.getByRole("button", { name: "Approve" }).focus();
    await page.keyboard.press("Enter");
    await card.waitFor({ state: "detached" });
    await until("the settlement", async () => (await owner("GET", "/payments/" + waiting.paymentId)).status === "settled");
    step("approves by keyboard, and the money moves");

    const refused = await pay("4", OTHER, { label: "Unknown shop" });
    const other = page.locator("[data-approval='" + refused.approvalId + "']");
    await other.getByRole("button", { name: "Reject" }).click();
    await other.waitFor({ state: "detached" });
    assert.equal((await owner("GET", "/payments/" + refused.paymentId)).status, "denied");
    step("rejects");

    await page.getByRole("button", { name: "Freeze everything" }).click();
    await page.fill("dialog input", "Something is odd");
    await page.getByRole("button", { name: "Freeze", exact: true }).click();
    await page.waitForSelector("#state .frozen");
    assert.match(await page.textContent("#state"), /Something is odd/);
    assert.equal((await owner("GET", "/status")).frozen, true);
    await page.getByRole("button", { name: "Unfreeze" }).first().click();
    await page.locator("dialog").getByRole("button", { name: "Unfreeze" }).click();
    await page.waitForSelector("#state .card:not(.frozen)");
    assert.equal((await owner("GET", "/status")).frozen, false);
    step("freezes and unfreezes");

    await page.getByRole("button", { name: "New mandate" }).click();
    const form = { id: "groceries", currency: "XNO", cap: "15", perTxnCap: "2", windowCap: "6.5", windowDays: "7", windowCount: "20" };
    for (const [name, value] of Object.entries(form)) await page.fill("dialog [name=" + name + "]", value);
    await page.fill("dialog [name=allowedPayees]", SHOP + "\n" + OTHER);
    await page.check("dialog [name=rails][value=nano]");
    await page.getByRole("button", { name: "Put in force" }).click();
    await page.waitForSelector("[data-mandate=groceries]");
    const made = await owner("GET", "/mandates/groceries");
    assert.deepEqual(made.cap, { amount: XNO("15"), currency: "XNO" });
    assert.deepEqual(made.window, { cap: { amount: XNO("6.5"), currency: "XNO" }, durationMs: 604800000, maxCount: 20 });
    assert.deepEqual([made.allowedPayees, made.rails], [[SHOP, OTHER], ["nano"]]);
    await page.locator("[data-mandate=groceries]").getByRole("button", { name: "Amend" }).click();
    await page.fill("dialog [name=cap]", "20.25");
    await page.getByRole("button", { name: "Put the new version in force" }).click();
    await until("version 2", async () => (await owner("GET", "/mandates/groceries")).version === 2);
    const amended = await owner("GET", "/mandates/groceries");
    assert.deepEqual([amended.cap.amount, amended.window.durationMs, amended.perTxnCap.amount], [XNO("20.25"), 604800000, XNO("2")]);
    await page.getByRole("button", { name: "New mandate" }).click();
    await page.fill("dialog [name=id]", "short-lived");
    await page.fill("dialog [name=cap]", "-1");
    await page.getByRole("button", { name: "Put in force" }).click();
    await page.locator("dialog .trouble").waitFor();
    await page.fill("dialog [name=cap]", "1");
    await page.getByRole("button", { name: "Put in force" }).click();
    const short = page.locator("[data-mandate=short-lived]");
    await short.getByRole("button", { name: "Revoke" }).click();
    await page.locator("dialog").getByRole("button", { name: "Revoke" }).click();
    await short.waitFor({ state: "detached" });
    step("creates, amends and revokes mandates");

    const hostile = await pay("2.5", OTHER, { label: "\u202efdp.ecioiver \u2067", memo: HOSTILE });
    const trap = page.locator("[data-approval='" + hostile.approvalId + "']");
    await trap.waitFor();
    assert.ok((await trap.innerText()).includes("<script>window.hacked = 1</script>"), "it is shown as text");
    assert.ok((await trap.innerText()).includes("[U+202E]"), "what turns a line around is shown by its number");
    assert.equal(await page.evaluate(() => window.hacked), undefined);
    assert.equal(await page.locator("main script, main img[src=x]").count(), 0);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    assert.ok(wide, "nothing makes the page wider than its window");
    const long = await pay("1", SHOP, { memo: "x".repeat(10240) });
    assert.ok(long.error, "10 kB do not fit a memo");
    step("shows a hostile memo harmlessly");

    for (const [sum, memo, label] of [["0.75", "Weather data, October", "Skyline API"], ["1.2", "Translation of 14 pages", "Lingua"], ["0.05", "One article", "The Daily"]]) {
      assert.equal((await json("POST", wallet.pay + "/pay", { rail: "nano", amount: { amount: XNO(sum), currency: "XNO" }, payee: { address: SHOP, label }, memo, mandateId: "groceries" })).status, "settled");
    }
    await pay("3", SHOP, { label: "Skyline API", memo: "A year of weather data", lineItems: [{ name: "Yearly plan", quantity: 1, category: "data" }] });
    await pay("80", SHOP, { label: "Skyline API", memo: "Everything they have" });
    await page.fill("#payments-search", "translation");
    await until("the search", async () => (await page.locator("#payments-list .row").count()) === 1);
    await page.locator("#payments-list .row").click();
    await page.locator("dialog .trail").waitFor();
    assert.match(await page.innerText("dialog"), /payment\.settled/);
    await page.keyboard.press("Escape");
    await page.fill("#payments-search", "");
    step("finds a payment and shows its trail");

    await page.getByRole("button", { name: "Verify", exact: true }).click();
    await page.getByText("The ledger holds").waitFor();
    await page.getByRole("button", { name: "QR code" }).click();
    await page.locator("dialog img.qr").waitFor();
    assert.ok(await page.evaluate(() => document.querySelector("img.qr").naturalWidth > 100));
    await page.keyboard.press("Escape");
    step("verifies the ledger and shows an address as a QR code");

    await otherOrigin(browser, wallet);
    step("a page of another origin can neither read nor spend");

    await page.getByRole("button", { name: "Let an agent in" }).click();
    await page.fill("dialog [name=id]", "shopping-agent");
    await page.fill("dialog [name=label]", "Groceries on my laptop");
    await page.getByRole("button", { name: "Let in", exact: true }).click();
    const agentToken = await page.locator("dialog .secret").innerText();
    assert.match(agentToken, /^pwa_/);
    await page.getByRole("button", { name: "Close" }).click();
    assert.equal((await json("GET", wallet.agents + "/wallet/balance")).success, false);
    assert.equal((await json("GET", wallet.agents + "/wallet/balance", undefined, agentToken)).success, true);
    step("lets an agent in and shows its token once");

    assert.ok(!(await page.innerText("main")).includes("[object"), "everything is drawn");
    if (SHOTS) await shots(browser, page, wallet, owner, hostile.approvalId);
    assert.deepEqual(wrong, []);
    step("nothing went wrong in the console");
  } finally {
    await browser.close();
    wallet.child.removeAllListeners("exit");
    wallet.child.kill();
    fs.rmSync(home, { recursive: true, force: true });
  }
}

// A page served from another port of this machine: the nearest thing to a hostile site.
async function otherOrigin(browser, wallet) {
  const server = http.createServer((request, response) => { response.setHeader("Content-Type", "text/html"); response.end("<p>another site</p>"); });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const page = await (await browser.newContext()).newPage();
  await page.goto("http://127.0.0.1:" + server.address().port + "/");
  const before = (await json("GET", wallet.agents + "/wallet/balance")).data.balance_raw;
  const tried = await page.evaluate(async ({ wallet, shop, token }) => {
    const spend = JSON.stringify({ recipient_address: shop, amount: "0.01" });
    const results = [];
    for (const [url, options] of [
      [wallet.agents + "/wallet/balance", {}],
      [wallet.agents + "/wallet/send", { method: "POST", body: spend, headers: { "Content-Type": "application/json" } }],
      [wallet.agents + "/wallet/send", { method: "POST", body: spend, mode: "no-cors" }],
      [wallet.agents + "/donate/0.01", { method: "POST", mode: "no-cors" }],
      [wallet.control + "/status?token=" + token, {}],
      [wallet.control + "/freeze?token=" + token, { method: "POST", mode: "no-cors" }],
    ]) {
      try { const response = await fetch(url, options); results.push(response.type === "opaque" ? "opaque" : await response.text()); } catch { results.push("blocked"); }
    }
    const form = document.createElement("form");
    form.method = "post"; form.action = wallet.control + "/freeze?token=" + token; form.target = "frame";
    const frame = document.createElement("iframe"); frame.name = "frame";
    document.body.append(frame, form);
    form.submit();
    await new Promise((done) => setTimeout(done, 500));
    return results;
  }, { wallet: { agents: wallet.agents, control: wallet.control }, shop: SHOP, token: TOKEN });
  assert.ok(tried.every((one) => one === "blocked" || one === "opaque"), JSON.stringify(tried));
  assert.equal((await json("GET", wallet.agents + "/wallet/balance")).data.balance_raw, before);
  assert.equal((await json("GET", wallet.control + "/status", undefined, TOKEN)).frozen, false);
  server.close();
}

async function shots(browser, page, wallet, owner, hostile) {
  await owner("POST", "/approvals/" + hostile + "/resolve", { approved: false });
  await page.locator("[data-approval='" + hostile + "']").waitFor({ state: "detached" });
  fs.mkdirSync(SHOTS, { recursive: true });
  const views = [["page-light", 1200, 900, "light"], ["page-dark", 1200, 900, "dark"], ["page-phone", 390, 844, "light"]];
  for (const [name, width, height, colorScheme] of views) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, isMobile: width < 500, hasTouch: width < 500 });
    const view = await context.newPage();
    await view.goto(wallet.control + "/?token=" + TOKEN);
    await view.waitForSelector("body[data-ready]");
    await view.waitForSelector("#approvals .cart");
    await view.waitForTimeout(300);
    await view.screenshot({ path: path.join(SHOTS, name + ".png"), fullPage: true });
    const fits = await view.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
    assert.ok(fits, name + " is wider than its window");
    await context.close();
  }
}

function step(words) { console.log("ok  " + words); }

main().then(() => console.log("browser tests passed"), (error) => { console.error(error); process.exitCode = 1; });
