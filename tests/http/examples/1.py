import requests

# GET /wallet/balance
resp = requests.get("http://127.0.0.1:3123/wallet/balance").json()

if resp["success"]:
    data = resp["data"]
    print(f"Address: {data['account']}")
    print(f"Balance: {data['balance']} NANO")
    print(f"Raw:     {data['balance_raw']}")
else:
    print(f"Error: {resp['error']['message']}")
