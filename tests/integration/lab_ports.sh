#!/usr/bin/env bash
# A lab whose ports another lab's programs have already says so, and does not take those for its own.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin lab_ports
expect "our crpd listens itself" lab_listens "$CRPD_PID" "$CRP_HEALTH_URL"
expect_fails "ndesd does not listen there" lab_listens "$NDESD_PID" "$CRP_HEALTH_URL"

before=$(lab_call GET /api/v1/templates/Signature)
output=$(lab_start "$test_dir/other" sqlite true 2>&1) # by the ports of lab.env, which are taken
expect_equal "a second lab on the same ports fails" "$?" 1
expect_match "and says which program did not start" "$output" "crpd did not start"
expect_match "and why" "$output" "ddress already in use"
expect_equal "the first lab is left alone" "$(lab_call GET /api/v1/templates/Signature)" "$before"
lab_stop "$test_dir/other" >/dev/null
expect "the first lab's crpd still runs" lab_alive "$CRPD_PID" crpd
finish
