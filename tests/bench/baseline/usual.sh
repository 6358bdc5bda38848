#!/bin/sh
# The usual way to collect catalogues, as the benchmark `baseline` measures it:
# each provider offers a JSON Lines file by an rsync daemon; the district fetches what changed, loads it
# into PostgreSQL with COPY, and upserts by hash into a keyed table.
#
#   usual.sh start DIR       a temporary cluster and an rsync daemon below DIR (installs Debian's postgresql-15 and rsync if missing)
#   usual.sh fresh DIR KIND  an empty table; KIND is plain or searchable (German full-text index)
#   usual.sh night DIR AT_ONCE [OPTION]   one night, with a further option for rsync: prints when it began, when all files were
#                           here, when all was durable (seconds), how many files had changed, how many offers the table
#                           holds, processor seconds of both daemons so far
#   usual.sh stop DIR
#
# The files lie in DIR/providers/ID/offers.jsonl; the mirror is DIR/mirror. One line is one offer, with "provider" and "id" in it.
# PostgreSQL runs as user postgres when this is root (it refuses root), on a Unix socket in DIR; nothing outside DIR is touched.
# It is given what it can take: large WAL, memory for its joins, an unlogged staging table, files read by the server itself, only files that
# changed, only lines whose hash differs parsed as jsonb. fsync and synchronous_commit are on, as is the hub's.
set -eu

action=$1
dir=$2
bin=/usr/lib/postgresql/15/bin
PGHOST=$dir/socket
PGDATA=$dir/cluster
PGUSER=postgres
export PGHOST PGDATA PGUSER

as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        runuser -u postgres -- "$@"
    else
        "$@"
    fi
}

sql() {
    psql --no-psqlrc --quiet --tuples-only --no-align --set ON_ERROR_STOP=1 postgres "$@"
}

install_missing() {
    missing=
    [ -x "$bin/postgres" ] || missing=postgresql-15
    command -v rsync >/dev/null || missing="$missing rsync"
    [ -z "$missing" ] && return
    echo "usual.sh: installing$missing with apt-get" >&2
    apt-get update -qq >&2
    # shellcheck disable=SC2086 # a list of packages
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
}

start() {
    chmod 755 "$dir"
    mkdir -p "$dir/socket" "$dir/cluster" "$dir/mirror" "$dir/providers"
    [ "$(id -u)" != 0 ] || chown postgres "$dir/socket" "$dir/cluster"
    as_postgres "$bin/initdb" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1
    as_postgres "$bin/pg_ctl" start --wait --silent --log="$dir/cluster/log" \
        -o "-c listen_addresses='' -c unix_socket_directories=$PGHOST -c max_wal_size=4GB -c shared_buffers=512MB -c work_mem=256MB"
    {
        echo "address = 127.0.0.1"
        echo "port = 8730"
        echo "use chroot = no"
        echo "pid file = $dir/rsyncd.pid"
        echo "log file = $dir/rsyncd.log"
        echo "[providers]"
        echo "path = $dir/providers"
        [ "$(id -u)" != 0 ] || printf 'uid = root\ngid = root\n'
    } >"$dir/rsyncd.conf"
    rsync --daemon --config="$dir/rsyncd.conf"
}

fresh() {
    rm -rf "$dir/mirror"
    mkdir "$dir/mirror"
    sql <<'SQL'
DROP TABLE IF EXISTS offers, staging, incoming;
CREATE TABLE offers (provider text, id text, hash text NOT NULL, doc jsonb NOT NULL, PRIMARY KEY (provider, id));
CREATE UNLOGGED TABLE staging (n bigserial, raw text NOT NULL);
CREATE UNLOGGED TABLE incoming (n bigint, provider text, id text, hash text);
SQL
    [ "$1" != searchable ] || sql -c "CREATE INDEX ON offers USING gin (to_tsvector('german',
        (doc->>'title') || ' ' || coalesce(doc->>'summary', '') || ' ' || coalesce(doc->>'description', '')))"
}

seconds() {
    date +%s.%N
}

night() {
    begun=$(seconds)
    # One rsync for each provider, as they are different machines; as many at once as the hub reads.
    ls "$dir/providers" | xargs -P "$1" -I{} sh -c \
        'mkdir -p "$1/mirror/$2" && rsync $3 --times --itemize-changes "rsync://127.0.0.1:8730/providers/$2/offers.jsonl" "$1/mirror/$2/" | grep -q "^>f" && echo "$2"' \
        fetch "$dir" {} "${2:-}" >"$dir/changed" || [ $? = 123 ]
    fetched=$(seconds)
    if [ -s "$dir/changed" ]; then
        {
            echo "BEGIN; TRUNCATE staging, incoming;"
            # No character of the lines means anything to this CSV: each line is one value.
            while read -r id; do
                echo "COPY staging (raw) FROM '$dir/mirror/$id/offers.jsonl' WITH (FORMAT csv, QUOTE E'\\x01', DELIMITER E'\\x02');"
            done <"$dir/changed"
            cat <<'SQL'
INSERT INTO incoming
    SELECT n, provider, id, md5(raw) FROM staging, LATERAL json_to_record(raw::json) AS keys (provider text, id text);
ANALYZE incoming;
INSERT INTO offers
    SELECT i.provider, i.id, i.hash, s.raw::jsonb
    FROM incoming i JOIN staging s USING (n) LEFT JOIN offers o USING (provider, id)
    WHERE o.hash IS DISTINCT FROM i.hash
    ON CONFLICT (provider, id) DO UPDATE SET hash = excluded.hash, doc = excluded.doc;
DELETE FROM offers o WHERE provider IN (SELECT DISTINCT provider FROM incoming)
    AND NOT EXISTS (SELECT FROM incoming i WHERE i.provider = o.provider AND i.id = o.id);
COMMIT;
SQL
        } | sql
    fi
    loaded=$(seconds)
    count=$(sql -c 'ANALYZE offers' -c 'SELECT count(*) FROM offers')
    # The processor time of the two daemons, and of what they have started and seen end; a moment, so that they see it.
    sleep 1
    cpu=$(cat "/proc/$(cat "$dir/rsyncd.pid")/stat" "/proc/$(head -n 1 "$dir/cluster/postmaster.pid")/stat" |
        sed 's/.*) //' | awk '{ sum += $12 + $13 + $14 + $15 } END { print sum / 100 }')
    echo "$begun $fetched $loaded $(wc -l <"$dir/changed") $count $cpu"
}

stop() {
    if [ -f "$dir/rsyncd.pid" ]; then
        daemon=$(cat "$dir/rsyncd.pid")
        kill "$daemon"
        # It still writes its log; whoever removes the directory must not find a new file in it.
        while kill -0 "$daemon" 2>/dev/null; do sleep 0.1; done
    fi
    as_postgres "$bin/pg_ctl" stop --wait --silent --mode=fast
}

case $action in
    start) install_missing && start ;;
    fresh) fresh "$3" ;;
    night) night "$3" "${4:-}" ;;
    stop) stop ;;
    *) echo "usual.sh: there is no action $action" >&2 && exit 2 ;;
esac
