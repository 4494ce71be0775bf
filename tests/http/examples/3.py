import requests, time

# Step 1: Create payment request
payload = {
    "receive_address": "nano_1abc...",
    "amount": "0.01",
    "redirect_url": "https://example.com/thanks",  # optional
}
resp = requests.post("http://127.0.0.1:3123/payment/request", json=payload).json()

if not resp["success"]:
    raise Exception(resp["error"]["message"])

tx_id = resp["data"]["transaction_id"]
amount = resp["data"]["amount"]  # payer should send this exact amount
print(f"tx: {tx_id} - send {amount} to {resp['data']['receive_address']}")

# Step 2: Poll for payment confirmation
for _ in range(30):
    status = requests.get(f"http://127.0.0.1:3123/payment/status/{tx_id}").json()
    state = status["data"]["is_paid"]
    if state:
        print("Payment confirmed!")
        break
    time.sleep(5)
else:
    print("Timeout: Timed out waiting for payment")
