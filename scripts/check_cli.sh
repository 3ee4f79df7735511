#!/usr/bin/env bash
# Checks that crpctl's manual page names every noun, verb and option, and the sample configuration
# every setting that crpd asks for. Needs a built crpctl: check_cli.sh [PROGRAM]. Exit 1 on a fault.
set -euo pipefail
cd "$(dirname "$0")/.."
crpctl=${1:-build/dev/bin/crpctl}
page=crp-service/man/crpctl.1.scd
sample=crp-service/crpd.sample.toml
faults=0

fault() {
    echo "check_cli: $*" >&2
    faults=$((faults + 1))
}

# "path:words", a line for each command, from the completion script.
commands() { "$crpctl" completion bash | sed -n "s/^ *'\(crpctl[^']*\)') offers='\(.*\)' ;;$/\1:\2/p"; }

count=0
while IFS=: read -r path words; do
    count=$((count + 1))
    for word in $words; do
        case $word in
            --*) grep -qF -- "$word" "$page" || fault "$page lacks $word of $path" ;;
            *) [ "$path" = crpctl ] && words_of="$word" || words_of="${path##* } $word"
               grep -qE -- "(^|[^a-z])${words_of}([^a-z]|$)|^\*$word\*|, \*$word\*|^## .*\b$word\b" "$page" ||
                   fault "$page lacks $path $word" ;;
        esac
    done
done < <(commands)
[ $count -gt 20 ] || fault "the completion script names $count commands only"

# The sample's key files do not exist, which `config show` does not mind.
keys=$("$crpctl" config show --config "$sample" --format csv | tail -n +2 | tr -d '\r' | cut -d, -f1)
[ -n "$keys" ] || fault "crpctl config show prints nothing"
for key in $keys; do
    grep -qE "^(# )?${key##*.} = " "$sample" || fault "$sample lacks $key"
done

[ $faults -eq 0 ] && echo "check_cli: ok ($count commands, $(wc -w <<<"$keys") settings)"
exit $((faults > 0))
