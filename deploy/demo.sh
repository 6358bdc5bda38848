#!/usr/bin/env bash
# The main job of Calluna on one machine: a hub and its nodes as real processes, three nights.
# `deploy/demo.sh --help` says more. Needs bash, coreutils, grep, sed, awk and Rust; nothing else.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: deploy/demo.sh [--once] [FILE...]

Builds Calluna, starts a hub and one node for each provider on this machine (addresses
127.0.0.1 only, everything in one temporary directory), imports files, and runs three
nights: the first fetches everything, the second what changed, the third finds nothing new; with the samples a
fourth fetches participation figures, and the hub makes a release of the monitoring dataset.
Then it keeps running until it is interrupted (Ctrl-C), so that you can look around.

  FILE      a provider's export: Open-vhs, Kufer XML, XCRI-CAP, CSV, XLSX, JSON Lines.
            Each file becomes one provider. Without files the samples in tests/data are
            taken: real courses of the Berlin Volkshochschulen, and synthetic files.
  --once    end after the last night
  --help    this text

Exit codes: 0 every night was as it has to be; 1 something failed (the temporary directory
is kept then, with every log); 2 wrong usage; 3 every night was right, but a FILE could not
be imported at all.
TEXT
}

# --- what is wanted ---------------------------------------------------------------------------

once=no
files=()
while [ $# -gt 0 ]; do
    case $1 in
        --once) once=yes ;;
        -h | --help) usage; exit 0 ;;
        --) shift; files+=("$@"); break ;;
        -*) printf 'demo.sh: there is no option %s\n\n' "$1" >&2; usage >&2; exit 2 ;;
        *) files+=("$1") ;;
    esac
    shift
done
for file in ${files[@]+"${files[@]}"}; do
    if [ ! -f "$file" ] || [ ! -r "$file" ]; then
        printf 'demo.sh: %s is not a file that can be read\n' "$file" >&2
        exit 2
    fi
done

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
samples=$root/tests/data

# Settings of a real hub or node on this machine must not reach the demo.
for name in "${!CALLUNA_@}"; do unset "$name"; done

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' plain=''
fi

say() { printf '%s\n' "$*"; }
title() { printf '\n%s== %s ==%s\n' "$bold" "$*" "$plain"; }

# --- processes: every one that is started is ended --------------------------------------------

work=
failed=yes # until the end is reached
pids=()    # daemons
current=   # the command that is being waited for

# Whether a process that was started here still runs. Asking bash, not the system: the number of
# one that has ended may be somebody else's by now.
alive() { # PID
    local running
    running=$(jobs -pr)
    case " ${running//$'\n'/ } " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

stop() { # PID...: asks each to end, waits for it, and ends it by force after ten seconds.
    local pid tries=0
    for pid in "$@"; do
        if alive "$pid"; then kill -TERM "$pid" 2>/dev/null || true; fi
    done
    for pid in "$@"; do
        while alive "$pid" && [ "$tries" -lt 200 ]; do
            sleep 0.05
            tries=$((tries + 1))
        done
        if alive "$pid"; then kill -KILL "$pid" 2>/dev/null || true; fi
        wait "$pid" 2>/dev/null || true
    done
}

finish() {
    local code=$?
    trap '' INT TERM HUP PIPE
    trap - EXIT
    if [ -n "$current" ]; then stop "$current"; fi
    stop ${pids[@]+"${pids[@]}"}
    if [ -n "$work" ] && [ -d "$work" ]; then
        if [ "$failed" = yes ]; then
            printf '%sWhat happened is kept in %s (logs: %s/log).%s\n' "$red" "$work" "$work" "$plain" >&2
        else
            rm -rf -- "$work"
        fi
    fi
    exit "$code"
}
trap finish EXIT
# Who interrupts the demo does not want its remains.
trap 'failed=no; exit 130' INT
trap 'failed=no; exit 143' TERM
trap 'failed=no; exit 129' HUP
trap 'failed=no; exit 141' PIPE

# Runs a command so that a signal is heard at once, not after the command has ended.
waited() {
    local code=0
    "$@" &
    current=$!
    wait "$current" || code=$?
    current=
    return "$code"
}

die() {
    printf '%serror: %s%s\n' "$red" "$*" "$plain" >&2
    exit 1
}

show_tail() { # LOG
    printf '%s--- the end of %s ---%s\n' "$dim" "$1" "$plain" >&2
    tail -n 15 -- "$1" >&2 || true
}

# Waits until a daemon says `ready:`; 1 when it has ended, or says nothing for 30 seconds.
until_ready() { # PID LOG
    local tries=0
    until grep -q '^ready:' "$2" 2>/dev/null; do
        if ! alive "$1" || [ "$tries" -ge 600 ]; then return 1; fi
        sleep 0.05
        tries=$((tries + 1))
    done
}

# A port outside the range that the system gives out, on which nobody answers.
free_port() {
    local port tries=0
    while :; do
        port=$((20000 + RANDOM % 12000))
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
            printf '%s' "$port"
            return
        fi
        tries=$((tries + 1))
        [ "$tries" -lt 50 ] || die 'no free port was found on 127.0.0.1'
    done
}

# --- build ------------------------------------------------------------------------------------

command -v cargo >/dev/null || die 'cargo was not found; install Rust from https://rustup.rs'
say "${bold}Calluna: the main job, on this machine${plain}"
say 'Building (the first time takes some minutes) ...'
work=$(mktemp -d "${TMPDIR:-/tmp}/calluna.XXXXXX")
if [ "${#work}" -gt 45 ]; then # The path of a Unix socket has at most 107 bytes.
    rmdir -- "$work"
    work=$(mktemp -d /tmp/calluna.XXXXXX)
fi
mkdir -- "$work/log" "$work/in" "$work/nodes"
waited cargo build --locked --manifest-path "$root/Cargo.toml" -p calluna-hub -p calluna-node \
    --message-format json-render-diagnostics >"$work/build.json" || { failed=no; die 'the build failed'; }
built() { sed -n "s|.*\"executable\":\"\([^\"]*/$1\)\".*|\1|p" "$work/build.json" | tail -n 1; }
hub_bin=$(built calluna-hub)
node_bin=$(built calluna-node)
[ -x "$hub_bin" ] && [ -x "$node_bin" ] || die "cargo did not say where it put the programs; see $work/build.json"
began=$SECONDS

hub() { "$hub_bin" "$@" --data "$work/hub"; }
node() { # ID COMMAND...
    local id=$1
    shift
    "$node_bin" "$@" --data "$work/nodes/$id"
}

# --- providers: id, kind, name, file ----------------------------------------------------------

ids=() kinds=() names=() inputs=()
provider() { ids+=("$1") kinds+=("$2") names+=("$3") inputs+=("$4"); }

# A provider id made from a file name: 2 to 40 of a-z, 0-9 and -, unique.
id_of() { # FILE
    local id base number=2 known
    base=${1##*/}
    id=$(printf '%s' "${base%.*}" | LC_ALL=C tr 'A-Z' 'a-z' | LC_ALL=C tr -cs 'a-z0-9' '-' | cut -c 1-34)
    while [ "${id%-}" != "$id" ]; do id=${id%-}; done
    while [ "${id#-}" != "$id" ]; do id=${id#-}; done
    case $id in [a-z]?*) ;; *) id=p-${id:-file} ;; esac
    base=$id
    while :; do
        known=no
        for taken in ${ids[@]+"${ids[@]}"}; do [ "$taken" != "$id" ] || known=yes; done
        [ "$known" = yes ] || break
        id=$base-$number
        number=$((number + 1))
    done
    printf '%s' "$id"
}

# The courses of one or more districts of the Berlin sample, which has one course on each line.
berlin() { # FILE DISTRICTS-AS-REGEX
    LC_ALL=C awk -v wanted="\"bezirk\":\"($2)\"" '
        BEGIN { printf "[" }
        $0 ~ wanted { sub(/,$/, ""); printf "%s\n%s", (many++ ? "," : ""), $0 }
        END { print "\n]" }' "$samples/berlin-vhs-2026.json" >"$1"
}

if [ ${#files[@]} -gt 0 ]; then
    for file in "${files[@]}"; do
        base=${file##*/}
        provider "$(id_of "$file")" other "$(printf '%s' "$base" | tr -d '[:cntrl:]' | cut -c 1-120)" "$file"
    done
else
    [ -f "$samples/berlin-vhs-2026.json" ] || die "the samples are not in $samples; give FILES"
    rest='Friedrichshain-Kreuzberg|Lichtenberg|Marzahn-Hellersdorf|Mitte|Neukölln|Spandau|Tempelhof-Schöneberg|Treptow-Köpenick'
    for district in Charlottenburg-Wilmersdorf Pankow Reinickendorf Steglitz-Zehlendorf; do
        id=vhs-$(printf '%s' "$district" | tr 'A-Z' 'a-z')
        berlin "$work/in/$id.json" "$district"
        provider "$id" vhs "VHS $district" "$work/in/$id.json"
    done
    berlin "$work/in/vhs-berlin-other-districts.json" "$rest"
    provider vhs-berlin-other-districts vhs 'VHS of eight other Berlin districts' "$work/in/vhs-berlin-other-districts.json"
    provider synthetic-vhs vhs 'Beispiel-Volkshochschule Heidekreis (synthetic)' "$samples/synthetic-openvhs.xml"
    provider synthetic-family-centre other 'Beispiel-Familienbildungsstätte (synthetic)' "$samples/synthetic-kufer.xml"
    provider synthetic-school school 'Beispiel-BBS (synthetic)' "$samples/synthetic-school.csv"
    provider synthetic-training-centre trainer 'Beispiel-Trainingszentrum (synthetic)' "$samples/synthetic-school.xlsx"
    provider synthetic-trainers trainer 'Two invented trainers (synthetic)' "$samples/synthetic-xcri.xml"
    provider synthetic-counselling counselling 'Beispiel-Träger (synthetic)' "$samples/synthetic.jsonl"
fi
count=${#ids[@]}

# --- hub and nodes ----------------------------------------------------------------------------

title "A hub and $count nodes"

start_hub() {
    local tries=0 port pid
    while :; do
        port=$(free_port)
        hub init --name 'Landkreis Musterheide (demo)' --listen "127.0.0.1:$port" 2>"$work/log/init" ||
            { show_tail "$work/log/init"; die 'the hub could not be made'; }
        "$hub_bin" serve --data "$work/hub" >"$work/log/hub" 2>&1 &
        pid=$!
        if until_ready "$pid" "$work/log/hub"; then
            pids+=("$pid")
            say "hub    $(sed -n 's/^ready: //p' "$work/log/hub" | head -n 1)"
            return
        fi
        stop "$pid"
        tries=$((tries + 1))
        # Somebody else took the port in between: another one.
        if [ "$tries" -ge 5 ] || ! grep -q 'another program uses this port' "$work/log/hub"; then
            show_tail "$work/log/hub"
            die 'the hub did not start'
        fi
        rm -rf -- "$work/hub"
    done
}

# From an invitation to a running node. The last one listens, the others dial out.
start_node() { # INDEX
    local id=${ids[$1]} log=$work/log/${ids[$1]} way=() token
    if [ "$(($1 + 1))" -eq "$count" ] && [ "$count" -gt 1 ]; then way=(--listen "127.0.0.1:$(free_port)"); fi
    token=$(hub invite "$id" --name "${names[$1]}" --kind "${kinds[$1]}" 2>"$log") ||
        { show_tail "$log"; die "$id could not be invited"; }
    node "$id" join "$token" ${way[@]+"${way[@]}"} >>"$log" 2>&1 ||
        { show_tail "$log"; die "$id could not join"; }
    "$node_bin" serve --data "$work/nodes/$id" >>"$log" 2>&1 &
    pids+=("$!")
}

start_hub
for ((i = 0; i < count; i++)); do start_node "$i"; done
for ((i = 0; i < count; i++)); do
    log=$work/log/${ids[$i]}
    until_ready "${pids[$((i + 1))]}" "$log" || { show_tail "$log"; die "the node of ${ids[$i]} did not start"; }
done
say "nodes  ${ids[*]}"
say "Each has a key of its own, made where it lies, and a certificate of the district's authority."
[ "$count" -eq 1 ] || say 'All dial the hub; only the last one listens, and the hub dials it.'

# --- import -----------------------------------------------------------------------------------

title 'Import'
if [ ${#files[@]} -eq 0 ]; then
    say 'vhs-*: REAL courses. Servicezentrum der Berliner VHS, open data, licence CC BY; changes: tests/data/README.md.'
    say 'synthetic-*: SYNTHETIC files in the shape of real exports; every provider and course is invented.'
    say ''
fi

refused_files=0
import_code=()
for ((i = 0; i < count; i++)); do
    id=${ids[$i]} code=0
    said=$work/log/import-$id
    node "$id" import "${inputs[$i]}" --format auto >"$said" 2>&1 </dev/null || code=$?
    import_code+=("$code")
    case $code in
        0) say "${green}imported${plain} $id" ;;
        3) say "${bold}imported in part${plain} $id: some records were refused" ;;
        *)
            refused_files=$((refused_files + 1))
            say "${red}refused${plain} $id: ${inputs[$i]} as a whole"
            ;;
    esac
    most=3
    [ "$code" -eq 0 ] || most=8
    head -n "$most" -- "$said" | cut -c 1-200 | sed 's/^/    /'
    lines=$(wc -l <"$said")
    [ "$lines" -le "$most" ] || say "    ${dim}... lines more: $((lines - most))${plain}"
done
if [ ${#files[@]} -eq 0 ] && [ "$refused_files" -gt 0 ]; then die 'a sample was refused'; fi
[ "$refused_files" -lt "$count" ] || die 'no file could be imported'

# --- nights -----------------------------------------------------------------------------------

# One line for each provider of the last night: id outcome added changed removed refused offers.
lines_of_last_night() {
    hub status --format json | awk '
        /^ *"provider": "/ { gsub(/[",]/, ""); id = $2 }
        id != "" && /^ *"(outcome|added|changed|removed|quarantined|offers)": / {
            gsub(/[":,]/, ""); value[$1] = $2
        }
        id != "" && /^ *"millis": / {
            print id, value["outcome"], value["added"], value["changed"], value["removed"],
                value["quarantined"], value["offers"]
            id = ""
        }'
}

wrong=0
complain() {
    wrong=$((wrong + 1))
    say "${red}not as it has to be:${plain} $*"
}

# Runs a night, shows the hub's own table, and leaves its lines in $work/night.
night() { # NUMBER WORDS
    local code=0
    title "Night $1: $2"
    waited "$hub_bin" sync --data "$work/hub" </dev/null || code=$?
    case $code in 0 | 3) ;; *) show_tail "$work/log/hub"; die "night $1 failed (exit code $code)" ;; esac
    lines_of_last_night >"$work/night"
    [ "$(wc -l <"$work/night")" -eq "$count" ] || complain "night $1 reports $(wc -l <"$work/night") of $count providers"
    # Exit code 0 says: every provider is ok or unchanged.
    if [ "$code" -eq 0 ] && grep -qvE '^[^ ]+ (ok|unchanged) ' "$work/night"; then
        complain "exit code 0, although some provider is not ok or unchanged"
    fi
}

index_of() { # ID
    local i
    for ((i = 0; i < count; i++)); do
        if [ "${ids[$i]}" = "$1" ]; then printf '%s' "$i"; return; fi
    done
    die "the hub reports a provider that nobody invited: $1"
}

# Offers that a node says it has.
node_count() { # ID
    node "$1" status --format json </dev/null | sed -n 's/^ *"count": \([0-9]*\).*/\1/p' | head -n 1
}

night 1 'everything is new'
while read -r id outcome added changed removed refused offers; do
    i=$(index_of "$id")
    # Records that only the hub refuses are possible, but then the import has refused some as well.
    case $outcome:${import_code[$i]} in
        ok:* | ok-with-quarantine:3) ;;
        *) complain "$id is $outcome after the first night" ;;
    esac
    [ "$changed$removed" = 00 ] || complain "$id: $changed changed and $removed removed in the first night"
    [ "$added" = "$offers" ] || complain "$id: $added added, but readers see $offers"
    there=$(node_count "$id")
    [ "$((offers + refused))" = "${there:-none}" ] ||
        complain "$id: the node has ${there:-none} offers, the hub $offers and $refused refused"
done <"$work/night"

# --- a day at the providers: one offer changes, one goes, one comes -----------------------------

title 'The next day, at every provider'
declare -A comes goes alters
for ((i = 0; i < count; i++)); do
    id=${ids[$i]}
    alters[$id]=0 goes[$id]=0 comes[$id]=0
    case ${import_code[$i]} in 0 | 3) ;; *) say "$id: nothing, its file was refused"; continue ;; esac
    list=$work/in/$id.next.jsonl
    hub export --provider "$id" --output "$work/in/$id.export" 2>>"$work/log/export" </dev/null ||
        { show_tail "$work/log/export"; die "the offers of $id could not be exported"; }
    # Each line is {"provider":...,"offer":{...}}; the offer alone is a line of Calluna's own format.
    LC_ALL=C sed 's/^.*"offer":\({"id":.*}\)}$/\1/' "$work/in/$id.export" >"$list.all"
    have=$(wc -l <"$list.all")
    at=$(LC_ALL=C grep -n -m 1 '^{"id":"[^"]*","title":"[^"\\]\{1,200\}"' "$list.all" | cut -d : -f 1 || true)
    comes[$id]=1
    if [ -n "$at" ]; then
        alters[$id]=1
        LC_ALL=C sed -i "${at}s/\"title\":\"/\"title\":\"Now also online: /" "$list.all"
    fi
    last=$have
    [ "${at:-0}" != "$last" ] || last=1
    if [ "$have" -ge 2 ]; then
        goes[$id]=1
        sed -i "${last}d" "$list.all"
    fi
    printf '{"id":"calluna-demo-1","title":"Open evening (added by the demo)","kind":"single-event","languages":["de"],"format":"in-person"}\n' \
        >>"$list.all"
    mv -- "$list.all" "$list"
    said=$work/log/import-next-$id
    node "$id" import "$list" --format jsonl --replace >"$said" 2>&1 </dev/null ||
        { show_tail "$said"; die "the changed list of $id could not be imported"; }
    say "$id: ${comes[$id]} comes, ${alters[$id]} changes, ${goes[$id]} goes"
done

night 2 'only what changed travels'
while read -r id outcome added changed removed refused offers; do
    expected=ok
    [ "${comes[$id]}" = 1 ] || expected=unchanged
    [ "$outcome" = "$expected" ] || complain "$id is $outcome after the second night, not $expected"
    [ "$added $changed $removed" = "${comes[$id]} ${alters[$id]} ${goes[$id]}" ] ||
        complain "$id: $added added, $changed changed, $removed removed; it was ${comes[$id]}, ${alters[$id]}, ${goes[$id]}"
done <"$work/night"

night 3 'nothing changed'
while read -r id outcome _; do
    [ "$outcome" = unchanged ] || complain "$id is $outcome after the third night"
done <"$work/night"

# --- participation figures -----------------------------------------------------------------------

if [ ${#files[@]} -eq 0 ]; then
    title 'Participation figures: a registration list becomes protected numbers'
    say 'SYNTHETIC: 605 registrations of 520 persons whom nobody is, for the courses of synthetic-vhs.'
    quarter=$(date +%Y)-Q$((($(date +%-m) + 2) / 3))
    node synthetic-vhs figures import "$samples/synthetic-registrations.csv" --period "$quarter" >"$work/log/figures" 2>&1 </dev/null ||
        { show_tail "$work/log/figures"; die 'the registration list could not be imported'; }
    head -n 12 -- "$work/log/figures" | cut -c 1-160 | sed 's/^/    /'
    say ''
    say "${dim}calluna-node outbox: what leaves the house, the first lines${plain}"
    node synthetic-vhs outbox >"$work/log/outbox" 2>&1 </dev/null || { show_tail "$work/log/outbox"; die 'the outbox could not be shown'; }
    head -n 24 -- "$work/log/outbox" | cut -c 1-120 | sed 's/^/    /'
    night 4 'the figures'
    say ''
    say "${dim}calluna-hub dataset list, and its audit${plain}"
    hub dataset list </dev/null | cut -c 1-160 | sed 's/^/    /'
    hub dataset audit >"$work/log/audit" 2>&1 </dev/null || { show_tail "$work/log/audit"; complain 'the audit of the dataset failed'; }
    tail -n 2 "$work/log/audit" | cut -c 1-200 | sed 's/^/    /'
    grep -q '^synthetic-vhs ' "$work/night" || complain 'synthetic-vhs is not in the fourth night'
    ls "$work"/hub/releases/*/figures/*.csv >/dev/null 2>&1 || complain 'no release holds figures'
fi

# --- what both sides know now -------------------------------------------------------------------

title "What the nodes know: the hub's last receipt"
# The receipts come last in the document, the newest first.
for id in "${ids[@]}"; do
    node "$id" status --format json </dev/null | awk -v id="$id" '
        /^ *"count": / && offers == "" { gsub(/[",]/, ""); offers = $2 }
        /^ *"receipts": \[/ { within = 1 }
        within && /^ *"(night|outcome|added|changed|removed|quarantined)": / {
            gsub(/[":,]/, ""); if (!($1 in value)) value[$1] = $2
        }
        END {
            if (!("night" in value)) { printf "%s: no receipt\n", id; exit }
            printf "%-40s %6d offers   night %d: %s, %d added, %d changed, %d removed, %d refused\n", id,
                offers, value["night"], value["outcome"], value["added"], value["changed"],
                value["removed"], value["quarantined"]
        }'
done >"$work/receipts"
cat -- "$work/receipts"
if grep -q ': no receipt$' "$work/receipts"; then complain 'a node has no receipt'; fi
say ''
shown_node=${ids[0]} # one that has something to show
for id in "${ids[@]}"; do
    if [ "${comes[$id]}" = 1 ]; then shown_node=$id; break; fi
done
say "${dim}calluna-node status, at $shown_node:${plain}"
node "$shown_node" status </dev/null | sed 's/^/    /'

title 'What the hub holds: some entries of the catalogue'
hub export --output "$work/catalogue.jsonl" 2>"$work/log/export" </dev/null ||
    { show_tail "$work/log/export"; die 'the catalogue could not be exported'; }
field() { # NAME LINE: the first text field of that name
    printf '%s' "$2" | LC_ALL=C grep -o "\"$1\":\"\(\\\\.\|[^\"\\\\]\)*\"" | head -n 1 |
        LC_ALL=C sed "s/^\"$1\":\"//; s/\"\$//; s/\\\\\"/\"/g; s/\\\\[a-z]/ /g"
}
shown=0
for id in "${ids[@]}"; do
    [ "$shown" -lt 12 ] || break
    entry=$(grep -m 1 "^{\"provider\":\"$id\"," "$work/catalogue.jsonl" || true)
    [ -n "$entry" ] || continue
    shown=$((shown + 1))
    start=$(field start "$entry" || true)
    city=$(field city "$entry" || true)
    cents=$(printf '%s' "$entry" | grep -o '"amount_cents":[0-9]*' | head -n 1 | cut -d : -f 2 || true)
    detail=$id
    [ -z "$start" ] || detail="$detail, from $start"
    [ -z "$city" ] || detail="$detail, $city"
    [ -z "$cents" ] || detail="$detail, $(printf '%d.%02d EUR' "$((cents / 100))" "$((cents % 100))")"
    say "  $(field title "$entry")"
    say "    ${dim}$detail${plain}"
done
say "  ($(wc -l <"$work/catalogue.jsonl") offers in all)"

say ''
if [ "$wrong" -gt 0 ]; then die "$wrong of the checks above failed"; fi
failed=no
say "${green}Every night of $count providers, every outcome as it has to be ($((SECONDS - began)) s after the build).${plain}"
code=0
if [ "$refused_files" -gt 0 ]; then
    code=3
    say "$refused_files of $count files could not be imported; see above."
fi
if [ "$once" = yes ]; then exit "$code"; fi

# --- until interrupted --------------------------------------------------------------------------

trap 'exit "$code"' INT TERM HUP
cat <<TEXT

Everything keeps running. In another terminal, for example:
  $hub_bin status --data $work/hub
  $hub_bin members --data $work/hub
  $node_bin status --data $work/nodes/$shown_node
Ctrl-C ends all processes and removes $work.
TEXT
while :; do
    ended=0
    wait -n || ended=$?
    for pid in "${pids[@]}"; do
        if ! alive "$pid"; then
            failed=yes
            die "process $pid ended by itself (exit code $ended); see the logs"
        fi
    done
done
