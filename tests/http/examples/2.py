import requests

# POST /wallet/send
payload = {
    "recipient_address": "nano_1abc...",
    "amount": "0.001",  # NANO
}
resp = requests.post("http://127.0.0.1:3123/wallet/send", json=payload).json()

if resp["success"]:
    data = resp["data"]
    print(f"Sent! Amount: {data['amount']} to {data['recipient']}")
else:
    print(f"Error: {resp['error']['error']} - {resp['error']['message']}")
