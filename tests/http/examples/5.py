import requests

def call_toolset(method, path, **kwargs):
    url = f"http://127.0.0.1:3123{path}"
    resp = getattr(requests, method)(url, **kwargs).json()
    if not resp["success"]:
        err = resp["error"]
        raise ValueError(f"[{err['error']}] {err['message']}")
    return resp["data"]

# Usage
try:
    data = call_toolset("get", "/wallet/balance")
    print(f"Balance: {data['balance']} NANO")
except ValueError as e:
    print(f"API error: {e}")
except requests.exceptions.ConnectionError:
    print("nano-toolset is not running (cargo run --release)")
