#!/usr/bin/env bash
# Holds the answers of the three described ports against their OpenAPI documents (schemathesis, from PyPI).
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "conformance SKIPPED: $*"; exit 0; }

command -v python3 >/dev/null || skip "no Python on this machine"
tools="${PAYWARDEN_CONFORM_TOOLS:-${HOME:-/tmp}/.cache/paywarden-conform}"
if [ ! -x "$tools/bin/schemathesis" ]; then
  { python3 -m venv "$tools" && "$tools/bin/pip" install -q schemathesis; } >/dev/null 2>&1 ||
    skip "schemathesis cannot be installed"
fi

binary="${PAYWARDEN_BINARY:-}"
if [ -z "$binary" ]; then
  cargo build --locked --features http
  binary="${CARGO_TARGET_DIR:-target}/debug/paywarden"
fi

home=$(mktemp -d)
token=a-token-for-conformance-0123456789
any=127.0.0.1:0
HOME="$home" PAYWARDEN_HOME="$home/wallet" PAYWARDEN_CONTROL_TOKEN="$token" \
  "$binary" serve --http-listen-addr $any --pay-addr $any --control-addr $any --mcp-addr off 2>"$home/said" &
pid=$!
trap 'kill "$pid" 2>/dev/null || true; wait "$pid" 2>/dev/null || true; rm -rf "$home"' EXIT
for _ in $(seq 1 200); do
  if grep -q '^Your page' "$home/said"; then break; fi
  sleep 0.05
done

# What an argument may be is said by the operation in words; a schema that allowed less would be a second rule.
unsaid=positive_data_acceptance,negative_data_rejection,missing_required_header,unsupported_method
for port in pay agents control; do
  url="http://$(sed -n "s|^  $port  *http://\([0-9.:]*\).*|\1|p" "$home/said")"
  flags=(--url "$url" --workers 2 --max-examples "${EXAMPLES:-10}" --no-color --exclude-path /events)
  flags+=(--phases examples,coverage,fuzzing --exclude-checks "$unsaid,ignored_auth")
  curl -sf -H "Authorization: Bearer $token" "$url/openapi.json" >"$home/$port.json" ||
    curl -sf "$url/openapi.json" >"$home/$port.json"
  if [ "$port" = agents ] && [ "$(curl -s -o /dev/null -w '%{http_code}' "$url/credits")" = 501 ]; then
    echo "-- credits and donations are not built in, and left out"
    flags+=(--exclude-path-regex '^/(credits|donate)')
  fi
  if [ "$port" = control ]; then flags+=(-H "Authorization: Bearer $token"); fi
  echo "-- $port"
  "$tools/bin/schemathesis" run "$home/$port.json" "${flags[@]}"
done
