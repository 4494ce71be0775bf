#!/usr/bin/env bash
# The owner's page in headless Chromium: approve, reject, freeze, mandates, a hostile memo, another origin.
# With --shots it renews the pictures of the README. Installs Debian's Chromium and playwright-core where it may.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "browser tests SKIPPED: $*"; exit 0; }

chromium=$(command -v chromium || command -v chromium-browser || true)
if [ -z "$chromium" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  apt-get update -qq >/dev/null 2>&1 || true
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null 2>&1 || true
  chromium=$(command -v chromium || true)
fi
[ -n "$chromium" ] || skip "no Chromium on this machine, and none can be installed"
command -v node >/dev/null || skip "no Node.js on this machine"

tools="${PAYWARDEN_BROWSER_TOOLS:-${HOME:-/tmp}/.cache/paywarden-browser}"
if [ ! -d "$tools/node_modules/playwright-core" ]; then
  mkdir -p "$tools"
  (cd "$tools" && npm init -y >/dev/null 2>&1 && npm install --no-audit --no-fund playwright-core@1 >/dev/null 2>&1) ||
    skip "playwright-core cannot be installed"
fi

binary="${PAYWARDEN_BINARY:-}"
if [ -z "$binary" ]; then
  cargo build --locked --features http
  binary="${CARGO_TARGET_DIR:-target}/debug/paywarden"
fi
NODE_PATH="$tools/node_modules" CHROMIUM="$chromium" BINARY="$binary" \
  timeout --signal=KILL 240 node tests/browser/page.cjs "$@"
