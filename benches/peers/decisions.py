"""Two peers' decisions at 1,000 and 5,000 payments, beside an fsync of the same disk.

    python3 -m venv /tmp/peers && /tmp/peers/bin/pip install agent-bouncer==0.1.2 open-agentpay==0.2.5
    /tmp/peers/bin/python benches/peers/decisions.py [DIRECTORY ON THE DISK TO MEASURE]

Each runs as its own documentation shows, with its state in a file and a rolling budget that never runs out. A payment is
what it does for one: a decision on its ledger (agent-bouncer), a reservation and its commit (open-agentpay).
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from agentpay.policy import PolicyConfig, SQLitePolicyEngine
from agentpay.policy.db import create_buyer_connection, init_buyer_database
from bouncer import Client

COUNTS = (1_000, 5_000)
MEASURED = 100
WALLET = "0x" + "11" * 20
PAYEE = "0x" + "22" * 20
ASSET = "0x" + "33" * 20
POLICY = """
version: 1
agents:
  shopper:
    per_transaction_cap: 50.00
    rolling_windows:
      - amount: 100000000.00
        window: 30d
"""


def main():
    disk = sys.argv[1] if len(sys.argv) > 1 else None
    print("| figure | p50 | p99 | fsyncs at p50 |")
    print("|---|---|---|---|")
    for name, start in (("agent-bouncer", bouncer), ("open-agentpay", agentpay)):
        with tempfile.TemporaryDirectory(dir=disk) as home:
            pay = start(Path(home))
            done = 0
            for count in COUNTS:
                while done < count:
                    pay(done)
                    done += 1
                took, synced = [], []
                for _ in range(MEASURED):
                    took.append(timed(lambda: pay(done)))
                    synced.append(timed(lambda: fsync(Path(home))))
                    done += 1
                row(f"{name} at {count:,} payments", took, statistics.median(synced))


def bouncer(home):
    client = Client.from_policy(POLICY, agent_id="shopper", state_dir=home)

    def pay(number):
        with client.spend(merchant="api.example", amount=f"{1 + number % 40}.00"):
            pass

    return pay


def agentpay(home):
    connection = create_buyer_connection(str(home / "agentpay.db"))
    init_buyer_database(connection)
    config = PolicyConfig(
        id="bench",
        name="bench",
        wallet_address=WALLET,
        max_per_tx_base_units=100_000,
        rolling_budget_24h_base_units=10**15,
        circuit_max_rpm=10**6,
    )
    engine = SQLitePolicyEngine(connection, config)

    def pay(number):
        intent = f"intent-{number}"
        decision = engine.reserve(intent, 1_000, PAYEE, ASSET, "eip155:421614")
        assert decision.approved, decision
        engine.commit(intent)

    return pay


def fsync(home):
    with open(home / "fsync", "ab") as file:
        file.write(bytes(4096))
        file.flush()
        os.fdatasync(file.fileno())


def timed(work):
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def row(name, took, disk):
    took.sort()
    p50, p99 = took[(len(took) - 1) // 2], took[(len(took) - 1) * 99 // 100]
    print(f"| {name} | {p50 * 1e3:.2f} ms | {p99 * 1e3:.2f} ms | {p50 / disk:.1f} |", flush=True)


main()
