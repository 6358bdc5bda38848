#!/bin/sh
# The usual way to search, as the benchmark `search` measures it: PostgreSQL 15 full text in German.
#
#   usual.sh start DIR          a temporary cluster below DIR, on a Unix socket there (needs Debian's postgresql-15)
#   usual.sh load DIR FILE      loads offers (CSV) and indexes them
#   usual.sh ask DIR FILE       runs the statements of FILE in one session; prints what psql's \timing says
#   usual.sh stop DIR
#
# It is let off lightly: weights and words are computed when loading, the values of all facets stand in one array, so that one pass counts
# all of them, and what is chosen in a facet is not counted again without it.
set -eu

action=$1
dir=$2
bin=/usr/lib/postgresql/15/bin
PGHOST=$dir/socket
PGUSER=postgres
export PGHOST PGUSER

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

case $action in
start)
    chmod 755 "$dir"
    mkdir -p "$dir/socket" "$dir/cluster"
    [ "$(id -u)" != 0 ] || chown postgres "$dir/socket" "$dir/cluster"
    as_postgres "$bin/initdb" -D "$dir/cluster" --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 >"$dir/initdb.log" 2>&1
    as_postgres "$bin/pg_ctl" start -D "$dir/cluster" --wait --silent --log="$dir/cluster/log" \
        -o "-c listen_addresses='' -c unix_socket_directories=$PGHOST -c max_wal_size=4GB -c shared_buffers=1GB -c work_mem=256MB -c maintenance_work_mem=512MB -c jit=off"
    ;;
load)
    sql <<SQL
CREATE UNLOGGED TABLE offers (id int PRIMARY KEY, title text, subject text, summary text, description text, place text,
    is_over boolean, latitude float8, longitude float8, facets text[], words tsvector);
\copy offers (id, title, subject, summary, description, place, is_over, latitude, longitude, facets) FROM '$3' (FORMAT csv)
UPDATE offers SET words = setweight(to_tsvector('german', title), 'A') || setweight(to_tsvector('german', subject), 'B')
    || setweight(to_tsvector('german', summary), 'C') || setweight(to_tsvector('german', description || ' ' || place), 'D');
CREATE INDEX ON offers USING gin (words);
VACUUM ANALYZE offers;
SQL
    ;;
ask)
    sql --file "$3"
    ;;
stop)
    as_postgres "$bin/pg_ctl" stop -D "$dir/cluster" --mode=fast --silent
    ;;
*)
    echo "usual.sh: start, load, ask or stop" >&2
    exit 2
    ;;
esac
