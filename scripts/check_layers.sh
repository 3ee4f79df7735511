#!/usr/bin/env bash
# Checks the rules that keep the parts apart: who may include whom, where SQL, clocks and library
# types may stand, and that every rule file is in the rule list. Prints each breach; exit 1 on any.
set -euo pipefail
cd "$(dirname "$0")/.."
faults=0

breach() {
    echo "check_layers: $*" >&2
    faults=$((faults + 1))
}

# may_include FOLDER ALLOWED…: our own headers that files below FOLDER include must begin with one
# of the prefixes.
may_include() {
    local folder=$1 line file header prefix ok
    shift
    while IFS= read -r line; do
        file=${line%%:*}
        header=$(sed -n 's/.*#include "\([^"]*\)".*/\1/p' <<<"$line")
        ok=
        for prefix in "$@"; do [[ $header == "$prefix"* ]] && ok=1; done
        [ -n "$ok" ] || breach "$file includes $header; $folder may include: $*"
    done < <(grep -rEH '^[[:space:]]*#[[:space:]]*include "' "$folder" \
        --include='*.h' --include='*.cpp' --include='*.c' --exclude-dir=build || true)
}

# only_in PATTERN WHAT FOLDERS…: source lines matching PATTERN stand in these places only.
only_in() {
    local pattern=$1 what=$2 file place ok
    shift 2
    while IFS= read -r file; do
        ok=
        for place in "$@"; do [[ $file == $place* ]] && ok=1; done
        [ -n "$ok" ] || breach "$file: $what (only in: $*)"
    done < <(grep -rElI "$pattern" common scep-server policy-module crp-service \
        --include='*.h' --include='*.cpp' --include='*.c' || true)
}

may_include common common/
may_include policy-module/include none
may_include scep-server common/ scep-server/ policy-module/include/
may_include policy-module/core common/ policy-module/core/ policy-module/crp_client/crp_client.h policy-module/crp_client/crp_pool.h policy-module/include/
may_include policy-module/crp_client common/ policy-module/crp_client/
may_include policy-module/adapters common/ policy-module/core/ policy-module/crp_client/ policy-module/include/ policy-module/adapters/
may_include policy-module/verifier common/ policy-module/include/
may_include crp-service common/ crp-service/ scep-server/policy_host/ scep-server/config.h scep-server/own_files.h scep-server/message/ scep-server/enroll/ra_store.h policy-module/core/config.h
may_include crp-service/domain common/word_table.h common/bytes.h common/clock.h common/certificate_contents.h crp-service/domain/
may_include crp-service/challenge common/ crp-service/domain/ crp-service/challenge/
may_include crp-service/metrics common/ crp-service/domain/ crp-service/validation/verify_observer.h crp-service/metrics/
may_include crp-service/validation common/ crp-service/domain/ crp-service/store/store.h crp-service/challenge/ crp-service/validation/
may_include crp-service/enrollment common/ crp-service/domain/ crp-service/store/store.h crp-service/challenge/ crp-service/validation/ crp-service/enrollment/
may_include crp-service/state_messages common/ crp-service/domain/ crp-service/store/store.h crp-service/state_messages/
may_include crp-service/adapters common/ crp-service/domain/ crp-service/validation/reasons.h crp-service/http/call.h crp-service/http/caller.h crp-service/http/challenge_fault.h crp-service/http/routes.h crp-service/adapters/
may_include crp-service/upkeep common/ crp-service/domain/ crp-service/store/store.h crp-service/upkeep/
may_include crp-service/audit common/ crp-service/domain/ crp-service/store/audit_chain.h crp-service/store/store.h crp-service/audit/
may_include crp-service/store common/ crp-service/domain/ crp-service/store/

only_in '\b(SELECT|INSERT INTO|UPDATE [a-z_]+ SET|DELETE FROM)\b' 'SQL' \
    common/sqlite/ crp-service/store/ scep-server/journal/
only_in '(memory|sqlite|postgresql)_store\.h' 'a storage backend is named' crp-service/store/
# crpctl plugin check loads a module as ndesd does, with ndesd's own loader.
only_in '#include "scep-server/policy_host/' "the host of policy modules" \
    scep-server/ crp-service/cli/plugin_command.cpp
# crpctl reads each program's settings with that program's own reader; doctor speaks SCEP.
only_in '#include "scep-server/(config|own_files)\.h"' "ndesd's settings are read" scep-server/ crp-service/cli/
only_in '#include "policy-module/core/config\.h"' "the module's settings are read" \
    policy-module/ crp-service/cli/
only_in '#include "scep-server/(message|enroll)' "ndesd's inside" \
    scep-server/ crp-service/cli/doctor/
only_in '#include <cpprest|#include <pplx' 'cpprestsdk' \
    policy-module/crp_client/https_crp_client.cpp crp-service/cli/rest_client.cpp
only_in '#include <prometheus/' 'prometheus-cpp' common/metrics/ crp-service/metrics/ scep-server/metrics/
only_in '#include <boost' 'Boost' common/http_server/ common/http_client/ policy-module/crp_client/https_crp_client.cpp \
    crp-service/cli/rest_client.cpp
only_in '(system_clock|steady_clock)::now\(' 'reads a clock' common/clock.cpp common/http_server/ \
    common/http_client/
only_in '\bPKCS7_' 'the legacy PKCS#7 API' nowhere
only_in '\bmemcmp\(' 'memcmp (secrets need equal_constant_time)' nowhere
only_in 'http_listener' "cpprestsdk's stock listener" nowhere
only_in '\b(TODO|FIXME|XXX)\b' 'unfinished work' nowhere

if [ -d crp-service/validation/rules ]; then
    for rule in crp-service/validation/rules/*.cpp; do
        name=$(basename "$rule" .cpp)
        grep -q "\b$name\b" crp-service/validation/rule_list.cpp ||
            breach "$rule is not in crp-service/validation/rule_list.cpp"
    done
fi

for adapter in $(grep -rhoE '^AdapterKind [a-z_]+_adapter\(' crp-service/adapters --include='*.cpp' | sed 's/^AdapterKind //;s/_adapter($//'); do
    [ -f "crp-service/adapters/$adapter.cpp" ] || breach "adapter $adapter has no file of its name"
    grep -q "ADAPTER($adapter)" crp-service/adapters/adapter_list.cpp ||
        breach "$adapter is not in crp-service/adapters/adapter_list.cpp"
done

# Nothing of ours but the tests may know the tests.
if grep -rEl '#include "tests/' common scep-server policy-module crp-service \
    --include='*.h' --include='*.cpp' >&2; then
    breach "the files above include tests"
fi

[ $faults -eq 0 ] && echo "check_layers: ok"
exit $((faults > 0))
