import requests

# Check credits
resp = requests.get("http://127.0.0.1:3123/credits").json()
credits = resp["data"]["credits"]
print(f"Current credits: {credits}")

# Top up credits (valid amounts: 10,50,100,500,1000,...)
if credits < 50:
    topup = requests.post("http://127.0.0.1:3123/credits/topup/100").json()
    if topup["success"]:
        print(f"Topped up! New balance: {topup['data']['new_credits_balance']}")
    else:
        print(f"Top-up failed: {topup['error']['message']}")
