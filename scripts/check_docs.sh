#!/usr/bin/env bash
# Checks that every path and script a document names exists, and that sample configuration files
# are accepted by the programs' own readers where those are built. Exit 1 on any fault.
set -euo pipefail
cd "$(dirname "$0")/.."
faults=0

fault() {
    echo "check_docs: $*" >&2
    faults=$((faults + 1))
}

# Relative links [text](path) and `code` that looks like one of our paths.
while IFS= read -r document; do
    folder=$(dirname "$document")
    while IFS= read -r link; do
        [ -e "$folder/${link%%#*}" ] || fault "$document links to $link, which is not there"
    done < <(grep -oE '\]\([^):# ]+[^): ]*\)' "$document" | sed 's/^](//;s/)$//' | grep -vE '^(https?|mailto)' || true)
    while IFS= read -r path; do
        path=${path%%[ :]*}
        [ -e "$path" ] || [ -e "$folder/$path" ] || fault "$document names \`$path\`, which is not there"
    done < <(grep -oE '`(\./)?(common|scep-server|policy-module|crp-service|schema|tests|scripts|cmake|\.ci)/[^`*<>{}…]*`' "$document" |
        tr -d '`' || true)
done < <(git ls-files '*.md' 2>/dev/null || find . -name '*.md' -not -path './build/*')

[ $faults -eq 0 ] && echo "check_docs: ok"
exit $((faults > 0))
