#!/usr/bin/env bash
# What debian/*.install name is what the install rules put there, each file in one package; the
# packages have the program's version. The packages themselves: scripts/packages.sh.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(dirname "${NDES_BIN_DIR:-$root/build/release/bin}")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok: $1"; }
not_ok() { failed=$((failed + 1)); echo "FAILED: $1"; }

if ! DESTDIR=$folder cmake --install "$build" --prefix /usr >"$folder/log" 2>&1; then
    cat "$folder/log"
    not_ok "cmake --install"
fi
rm "$folder/log"

for list in "$root"/debian/*.install; do
    while read -r pattern _; do
        found=$(cd "$folder" && compgen -G "$pattern" | while read -r one; do find "$one" ! -type d; done)
        if [ -n "$found" ]; then ok "$(basename "$list"): $pattern"; else not_ok "$(basename "$list"): nothing is $pattern"; fi
        [ -z "$found" ] || cat >>"$folder/packaged" <<<"$found"
    done <"$list"
done
sort -o "$folder/packaged" "$folder/packaged"
twice=$(uniq -d "$folder/packaged")
if [ -z "$twice" ]; then ok "no file is in two packages"; else not_ok "in two packages: $twice"; fi
left=$(cd "$folder" && find usr ! -type d | sort | comm -23 - packaged)
if [ -z "$left" ]; then ok "every installed file is in a package"; else not_ok "in no package: $left"; fi

of_packages=$(sed -n '1s/.*(\([0-9.]*\).*/\1/p' "$root/debian/changelog")
of_program=$(sed -n 's/^project(.* VERSION \([0-9.]*\) .*/\1/p' "$root/CMakeLists.txt")
if [ "$of_packages" = "$of_program" ]; then ok "version $of_program"; else not_ok "version $of_packages, the program's is $of_program"; fi

for name in ndes-crp:crpd ndes-scep-server:ndesd; do
    user=$(sed -n 's/^User=//p' "$root"/*/systemd/"${name#*:}.service")
    if grep -q "adduser .* $user\$" "$root/debian/${name%%:*}.postinst"; then
        ok "${name%%:*} makes the unit's user $user"
    else
        not_ok "${name%%:*} does not make the unit's user $user"
    fi
done
# What crpctl init writes goes when all packages are purged and their questions answered with yes:
# else the next init would refuse.
crpctl=${NDES_BIN_DIR:-$root/build/release/bin}/crpctl
for role in all crp; do
    "$crpctl" init --non-interactive --dry-run --start hand --role $role --crp-host localhost \
        --public-url http://localhost:8080 2>>"$folder/init.err"
done | sed -n 's#^  /#/#p' >"$folder/written"
removed=$(grep -h 'rm -rf' "$root"/debian/*.postrm | grep -o '/[^ ]*')
kept=$(while read -r file; do
    for folder_of in $removed; do [[ $file == "$folder_of" || $file == "$folder_of"/* ]] && continue 2; done
    echo "$file"
done <"$folder/written")
if [ -s "$folder/written" ] && [ -z "$kept" ]; then
    ok "a purge removes all that crpctl init writes"
else
    not_ok "no postrm removes: $kept $(cat "$folder/init.err")"
fi
echo "$passed checks passed, $failed failed"
[ $failed -eq 0 ] && [ $passed -gt 0 ]
