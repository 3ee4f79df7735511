# Fills the database of a lab that does not run, straight through the product's own schema. Sourced
# by bench.sh; needs $store, and lab.env's variables. What the rows say is made up; their number,
# size and order are those of a long service.

# bench_sql SQL: as the owner of the lab's database; prints rows.
bench_sql() {
    if [ "$store" = sqlite ]; then
        sqlite3 "$CRP_DB" "PRAGMA synchronous = OFF; PRAGMA cache_size = -400000; $1"
    else
        PGOPTIONS='-c search_path=crp' psql -X -q -A -t -v ON_ERROR_STOP=1 -d "$PG_DSN" -c "$1"
    fi
}

# Expressions that differ: numbers from 1 to $1, now in milliseconds, 20 random hexadecimal digits,
# and 12 of a time.
bench_numbers() {
    if [ "$store" = sqlite ]; then
        echo "(WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < $1) SELECT n FROM row) AS numbers"
    else
        echo "(SELECT n FROM generate_series(1::bigint, $1) AS n) AS numbers"
    fi
}
bench_now() {
    [ "$store" = sqlite ] && echo "unixepoch() * 1000" || echo "extract(epoch FROM now())::bigint * 1000"
}
bench_random() {
    [ "$store" = sqlite ] && echo "lower(hex(randomblob(10)))" || echo "substr(md5(random()::text), 1, 20)"
}
bench_hex_time() {
    [ "$store" = sqlite ] && echo "printf('%012x', $1)" || echo "lpad(to_hex($1), 12, '0')"
}

# insert_challenges N TIME STATE EXPIRY: SQL; the last three are expressions of n.
insert_challenges() {
    cat <<END
INSERT INTO challenge (id, kind, device_id, user_id, policy_id, certificate_request_id,
    expected_json, not_before, expires_at, created_at, owner, state, refusals, transaction_id,
    csr_sha256, key_id)
SELECT $(bench_hex_time "$2") || $(bench_random), 'minted', 'device-' || (n % 100000), 'bench', 'bench',
    'bench', '{}', $2, $4, $2, 'lab-mdm', $3, 0, 'filled-' || n,
    $(bench_random) || $(bench_random) || $(bench_random) || '0123', 'k1'
FROM $(bench_numbers "$1");
END
}

# fill_challenges N SECONDS: spread evenly over the last so many seconds. Of 100: 80 completed, 19
# issued and expired, one issued and open.
fill_challenges() {
    local now
    now=$(bench_sql "SELECT $(bench_now)" | tail -n 1)
    bench_sql "$(insert_challenges "$1" "($now - ($1 - n) * $2 * 1000 / $1)" \
        "CASE WHEN n % 100 < 80 THEN 'completed' ELSE 'issued' END" \
        "CASE WHEN n % 100 = 99 THEN $now + 3600000 ELSE $now - ($1 - n) * $2 * 1000 / $1 - 1 END")"
    bench_settle
}

# fill_expired N: challenges and state messages that the retention job removes by its defaults.
fill_expired() {
    local now node='' number=''
    now=$(bench_sql "SELECT $(bench_now) - 3456000000" | tail -n 1)
    [ "$store" = sqlite ] || { node='node, ' number='coalesce((SELECT min(number) FROM node), 1), '; }
    bench_sql "$(insert_challenges "$1" "($now - $1 + n)" "'issued'" "$now + n")"
    bench_sql "INSERT INTO state_message (${node}id, state, transaction_id, decision_id, device_id, user_id,
        certificate_request_id, reason, certificate_sha1, certificate_serial, created_at, owner)
    SELECT $number'filled-' || n, 6, 'filled-' || n, 'filled-' || n, 'bench', 'bench', 'bench', 'Success', '', '',
        $now + n, 'lab-mdm' FROM $(bench_numbers "$1");"
    bench_settle
}

# As a database that has run for long: nothing waits in the log, the planner knows the tables.
bench_settle() {
    if [ "$store" = sqlite ]; then
        sqlite3 "$CRP_DB" "PRAGMA wal_checkpoint(TRUNCATE)" >/dev/null
    else
        bench_sql "VACUUM ANALYZE"
        bench_sql "CHECKPOINT"
    fi
}

count_expired() { bench_sql "SELECT count(*) FROM challenge WHERE transaction_id LIKE 'filled-%'" | tail -n 1; }

# retention_size: how many of the expired challenges there are, and what the table and its indexes
# use.
retention_size() {
    local used
    if [ "$store" = sqlite ]; then
        used=$(bench_sql "SELECT round(sum(pgsize) / 1e6, 1) FROM dbstat WHERE name GLOB '*challenge*'" | tail -n 1)
    else
        used=$(bench_sql "SELECT round(pg_total_relation_size('challenge') / 1e6, 1)")
    fi
    echo "$(count_expired) expired, $used MB"
}
