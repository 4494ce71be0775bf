// Amounts are whole smallest units of any size; they are never made into floating numbers but to draw a bar.
const DECIMALS = { XNO: 30, USDC: 6, USDT: 6, EURC: 6, JPY: 0, KRW: 0, VND: 0, CLP: 0, ISK: 0, KWD: 3, BHD: 3, JOD: 3, OMR: 3, TND: 3 };
const decimals = (currency) => currency in DECIMALS ? DECIMALS[currency] : 2;
function amount(units, currency) {
  if (units === undefined || units === null || !/^\d+$/.test(units)) return visible(units + " " + currency);
  const places = decimals(currency);
  const digits = String(units).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  let part = digits.slice(digits.length - places).replace(/0+$/, "");
  if (currency !== "XNO" && places > 0) part = part.padEnd(Math.min(2, places), "0");
  return (part ? whole + "." + part : whole) + " " + visible(currency);
}
function units(words, currency) {
  const match = /^(\d+)(?:[.](\d+))?$/.exec(words.trim());
  const places = decimals(currency);
  const part = (match && match[2]) || "";
  if (!match || part.length > places) throw new Refused(0, { error: "INVALID_NUMBER_FORMAT", message: "“" + words + "” is no amount of " + currency, hint: "Write it like 150 or 0.5, with at most " + places + " decimals" });
  return (match[1] + part.padEnd(places, "0")).replace(/^0+(?=\d)/, "");
}
function share(part, whole) {
  const all = BigInt(whole);
  return all === 0n ? 0 : Number(BigInt(part) * 1000n / all) / 10;
}
function bar(spent, held, cap, currency, label) {
  const used = [share(spent, cap), share(held, cap)];
  const segments = ["spent", "held"].map((kind, place) => {
    const piece = h("i", { class: kind });
    piece.style.width = Math.min(used[place], 100) + "%";
    return piece;
  });
  const full = used[0] + used[1] >= 99.9;
  const words = label + ": " + amount(spent, currency) + " spent, " + amount(held, currency) + " held of " + amount(cap, currency);
  return h("div", { class: "bar" + (full ? " full" : ""), role: "img", "aria-label": words }, segments);
}
// Settled payments by day: the last so many days of what is loaded.
function chart(payments, days = 14) {
  const byCurrency = new Map();
  const today = new Date(); today.setHours(0, 0, 0, 0);
  const first = new Date(today); first.setDate(first.getDate() - days + 1);
  for (const payment of payments.values()) {
    if (!payment.settledAt) continue;
    const at = new Date(payment.settledAt); at.setHours(0, 0, 0, 0);
    const day = Math.round((at - first) / 86400000);
    if (day < 0 || day >= days) continue;
    if (!byCurrency.has(payment.currency)) byCurrency.set(payment.currency, Array(days).fill(0n));
    byCurrency.get(payment.currency)[day] += BigInt(payment.amount);
  }
  if (byCurrency.size === 0) return h("p", { class: "quiet" }, "Nothing was spent in the last " + days + " days.");
  return [...byCurrency].map(([currency, sums]) => drawn(currency, sums, first));
}
function drawn(currency, sums, first) {
  const node = (tag, props, ...children) => {
    const element = document.createElementNS($("drawing").namespaceURI, tag);
    for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };
  const most = sums.reduce((a, b) => (a > b ? a : b), 1n);
  const total = sums.reduce((a, b) => a + b, 0n);
  const step = 600 / sums.length;
  const bars = sums.map((sum, day) => {
    const date = new Date(first); date.setDate(date.getDate() + day);
    const height = sum === 0n ? 2 : Math.max(4, Number(sum * 1000n / most) / 1000 * 110);
    const shown = date.toLocaleDateString(undefined, { day: "numeric", month: "short" });
    const rect = node("rect", { x: day * step + 3, y: 120 - height, width: step - 6, height, rx: 3, class: sum === 0n ? "none" : "some" }, node("title", {}, shown + ": " + amount(sum.toString(), currency)));
    const label = node("text", { x: day * step + step / 2, y: 138, "text-anchor": "middle" }, day % 2 === sums.length % 2 ? "" : shown);
    return [rect, label];
  });
  const words = "Spent in the last " + sums.length + " days: " + amount(total.toString(), currency);
  return h("figure", { class: "card" }, h("figcaption", {}, words + " "), node("svg", { viewBox: "0 0 600 145", role: "img", "aria-label": words }, ...bars.flat()));
}
