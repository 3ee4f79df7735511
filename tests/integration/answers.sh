# Keeps what crpd answers to curl, so that `finish` can hold all of it against the API's
# description. Sourced by lib.sh; takes the place of curl.

# curl ARGUMENTS…: curl itself; an answer of crpd's API goes to $test_dir/answers as well, unless
# the call asks for something else than its body.
curl() {
    local argument previous= method= url= head status
    for argument in "$@"; do
        case $previous in
            -X | --request) method=$argument ;;
            -d | --data* | --json) method=${method:-POST} ;;
            -o | -w | -O) url= && break ;;
        esac
        [[ -n ${CRP_URL:-} && $argument == "$CRP_URL"/* ]] && url=$argument
        [[ $argument == -[Iio]* || $argument == -w* || $argument == -D* ]] && url= && break
        previous=$argument
    done
    if [ -z "$url" ]; then
        command curl "$@"
        return
    fi
    head=$(mktemp "$test_dir/head.XXXXXX")
    command curl -D "$head" "$@" | tee "$head.body"
    status=${PIPESTATUS[0]}
    # No headers: no answer.
    if [ -s "$head" ]; then
        jq -nc --arg method "${method:-GET}" --arg target "${url#"$CRP_URL"}" \
            --rawfile head "$head" --rawfile body "$head.body" '{$method, $target,
                status: ($head | capture("^HTTP/[0-9.]+ (?<status>[0-9]+)").status | tonumber),
                headers: ([$head | scan("(?m)^([^:\r\n]+): ?([^\r\n]*)")]), $body}' >>"$test_dir/answers"
    fi
    rm -f "$head" "$head.body"
    return "$status"
}

# expect_described_answers: everything kept is as schema/crp-v1.openapi.yaml says.
expect_described_answers() {
    [ -s "$test_dir/answers" ] || return 0
    expect "each of $(wc -l <"$test_dir/answers") answers is as the API's description says" \
        "$lab_bin/openapi_answers" "$test_dir/answers"
}
