#!/usr/bin/env bash
# What the checks against official schemas need: xmllint (Debian's libxml2-utils, by apt-get, as root) and pyshacl (by
# pip, in the version of requirements.txt, into a virtual environment below the target directory; nothing of the
# system's Python changes). Installs what is missing and prints one line, the path of pyshacl, for the variable
# CALLUNA_PYSHACL; everything that it does it says on standard error.
#
# What cannot be had, without network or without root, is no failure: those checks then skip with a notice. The schemas
# themselves are not in this repository; where they do not lie beside it, there is nothing to check, and to install.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
data=${CALLUNA_SHARED_DATA:-$root/../shared/data}
venv=$target/schemas/venv
pyshacl=$venv/bin/pyshacl
say() { printf 'schemas: %s\n' "$*" >&2; }

# As root, without questions; whether it worked.
debian() {
    [[ $(id -u) -eq 0 ]] && command -v apt-get >/dev/null || return 1
    { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"; } >&2
}

if [[ ! -d $data/schemas ]]; then
    say "there are none in $data/schemas; checks against them skip, nothing is installed"
    exit 0
fi

if ! command -v xmllint >/dev/null; then
    say "xmllint is missing; installing Debian's libxml2-utils with apt-get"
    debian libxml2-utils || say "that did not work; checks of XML skip"
fi

# One that the caller or the system has is taken as it is.
if [[ -n ${CALLUNA_PYSHACL:-} ]]; then
    printf '%s\n' "$CALLUNA_PYSHACL"
    exit 0
fi
if command -v pyshacl >/dev/null; then
    command -v pyshacl
    exit 0
fi

# A finished environment is used again, until the version changes.
wanted=$(grep -v '^#' "$here/requirements.txt")
if [[ ! -x $pyshacl || $(cat "$venv/wanted" 2>/dev/null) != "$wanted" ]]; then
    say "installing $wanted with pip into $venv"
    rm -rf "$venv"
    mkdir -p "$(dirname "$venv")"
    made() { python3 -m venv "$venv" >&2; }
    if ! command -v python3 >/dev/null || ! made; then
        say "python3 or its module venv is missing; installing them with apt-get"
        debian python3 python3-venv && made || true
    fi
    if [[ -x $venv/bin/pip ]] &&
        "$venv/bin/pip" install --quiet --disable-pip-version-check --retries 1 --timeout 30 \
            --requirement "$here/requirements.txt" >&2; then
        printf '%s\n' "$wanted" >"$venv/wanted"
    else
        rm -rf "$venv"
    fi
fi
if [[ -x $pyshacl ]]; then
    printf '%s\n' "$pyshacl"
else
    say "that did not work; checks of RDF skip"
fi
