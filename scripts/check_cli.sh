#!/usr/bin/env bash
# Checks that crpctl's manual page names every noun, verb and option, those of the programs beside it
# every option of theirs and none else, and the sample configuration every setting that crpd asks for.
# Needs built programs: check_cli.sh [CRPCTL]. Exit 1 on a fault.
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

# options_of: those of a --help on standard input, and the variables that stand for them.
options_of() { grep -oE -- '(^ *(-h,)?|[^a-z-])--[a-z][a-z-]*|Env:[A-Z_]+' | grep -oE -- '--[a-z-]+|[A-Z_]{3,}' | sort -u; }
for program in ndesd:scep-server/man/ndesd.8.scd crpd:crp-service/man/crpd.8.scd \
    ndes-csr-verifier:policy-module/man/ndes-csr-verifier.1.scd; do
    page_of=${program#*:} program=$(dirname "$crpctl")/${program%%:*}
    if [ ! -x "$program" ]; then
        fault "$program is not built"
        continue
    fi
    # ndes-csr-verifier ends with 2 for it, which is no yes.
    offered=$({ "$program" --help || true; } | options_of)
    for word in $offered; do grep -qF -- "$word" "$page_of" || fault "$page_of lacks $word"; done
    for word in $(sed -n '/^# OPTIONS/,/^# /p' "$page_of" | grep -E '^\*--' | grep -oE -- '--[a-z-]+'); do
        grep -qxF -- "$word" <<<"$offered" || fault "$page_of has $word, $(basename "$program") has not"
    done
done

# The sample's key files do not exist, which `config show` does not mind.
keys=$("$crpctl" config show --config "$sample" --format csv | tail -n +2 | tr -d '\r' | cut -d, -f1)
[ -n "$keys" ] || fault "crpctl config show prints nothing"
for key in $keys; do
    grep -qE "^(# )?${key##*.} = " "$sample" || fault "$sample lacks $key"
done

[ $faults -eq 0 ] && echo "check_cli: ok ($count commands, $(wc -w <<<"$keys") settings)"
exit $((faults > 0))
