#!/usr/bin/env bash
# The tests with a browser: starts the synthetic catalogue (hub/web/examples/show.rs) on a port of this machine and
# looks at it with Debian's Chromium, by node's own test runner. Installs what is missing: chromium with apt-get (as
# root), the two packages of package-lock.json with npm ci, below a folder of the target directory. Touches no other
# host but those of the package registries, and leaves nothing running.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/browser
say() { printf 'browser tests: %s\n' "$*"; }

if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
    say "node and npm are missing; installing them with apt-get"
    apt-get update -q && apt-get install -y -q --no-install-recommends nodejs npm
fi
chromium=${CALLUNA_CHROMIUM:-/usr/bin/chromium}
if [[ ! -x $chromium ]]; then
    say "$chromium is missing; installing Debian's package with apt-get"
    apt-get update -q && apt-get install -y -q --no-install-recommends chromium fonts-liberation
fi
say "$("$chromium" --version 2>/dev/null), node $(node --version)"

say "installing playwright-core and axe-core by package-lock.json into $work"
mkdir -p "$work"
cp "$here"/package.json "$here"/package-lock.json "$here"/*.mjs "$work"/
(cd "$work" && PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)

say "building the example server"
# With the whole workspace, so that it shares what the tests build.
cargo build --locked --workspace --example show
"$target/debug/examples/show" >"$work/address" 2>"$work/server.log" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    [[ -s $work/address ]] && break
    kill -0 "$server" 2>/dev/null || { say "the server ended:"; cat "$work/server.log"; exit 1; }
    sleep 0.1
done
CALLUNA_PAGES=$(head -n 1 "$work/address")
export CALLUNA_PAGES CALLUNA_CHROMIUM=$chromium
say "the pages are at $CALLUNA_PAGES"
cd "$work"
npm test --silent
