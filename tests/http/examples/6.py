import requests, time

BASE = "http://127.0.0.1:3123"  # both agents use same toolset in this example

# -- Agent A: request payment -----------------------------------------
balance_a = requests.get(f"{BASE}/wallet/balance").json()["data"]
print(f"Agent A address: {balance_a['account']}")

req = requests.post(f"{BASE}/payment/request", json={
    "receive_address": balance_a["account"],
    "amount": "0.001",
}).json()

if not req["success"]:
    raise Exception(f"Request failed: {req['error']['message']}")

tx_id = req["data"]["transaction_id"]
print(f"Agent A created payment request: {tx_id}")

# -- Agent B: check balance, then send -------------------------------
bal_b = requests.get(f"{BASE}/wallet/balance").json()["data"]
if float(bal_b["balance"]) >= 0.001:
    send = requests.post(f"{BASE}/wallet/send", json={
        "recipient_address": balance_a["account"],
        "amount": "0.001",
    }).json()
    print(f"Agent B sent. Recipient: {send['data']['recipient']}")

# -- Agent A: poll for confirmation ----------------------------------
for _ in range(20):
    status = requests.get(f"{BASE}/payment/status/{tx_id}").json()["data"]
    if status["is_paid"]:
        print("Agent A confirmed payment received")
        break
    time.sleep(3)
