#!/usr/bin/env bash
# Makes schema/*.schema.json of what the programs' readers ask for and the samples' comments.
#
# Usage: scripts/config_schemas.sh [--check] [CRPCTL]
#   --check  writes nothing; fails when one is not current, when it is no JSON Schema, when a sample
#            file does not fit it, or has no line for a key in its table (needs python3-jsonschema)
set -euo pipefail
cd "$(dirname "$0")/.."
check=0
if [ "${1:-}" = --check ]; then check=1; shift; fi
crpctl=${1:-build/release/bin/crpctl}
faults=0

samples=(ndesd:scep-server/ndesd.sample.toml module:policy-module/ndes_policy_crp.sample.toml
    crpd:crp-service/crpd.sample.toml crpctl:crp-service/crpctl.sample.toml)
for one in "${samples[@]}"; do
    program=${one%%:*} sample=${one#*:}
    schema=schema/$(basename "$sample" .sample.toml).schema.json
    made=$("$crpctl" config schema --program "$program" --sample "$sample")
    if [ $check = 0 ]; then
        echo "$made" >"$schema"
        continue
    fi
    if [ "$made" != "$(cat "$schema" 2>/dev/null)" ]; then
        echo "config_schemas: $schema is not current; run scripts/config_schemas.sh" >&2
        faults=$((faults + 1))
    fi
    python3 - "$schema" "$sample" <<'END' || faults=$((faults + 1))
import json, re, sys
import jsonschema, tomllib
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
text = open(sys.argv[2]).read()
faults = [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(tomllib.loads(text))]
# A mistyped key and a wrong type have to be found out as well.
wrong = tomllib.loads(text) | {"no_such_key": 1}
if validator.is_valid(wrong):
    faults.append("accepts a key that nobody reads")
# Every key has a line in its table of the sample, set or commented out.
shown, table = set(), ""
for line in text.splitlines():
    if head := re.match(r"(?:# )?\[+([A-Za-z0-9_.]+)\]+", line):
        table = head[1]
        shown.add(table)
    elif key := re.match(r"(?:# )?([A-Za-z0-9_]+) = ", line):
        shown.add(f"{table}.{key[1]}" if table else key[1])
def keys_of(node, path=""):
    node = node.get("items", node)
    for name, value in node.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        inside = value.get("items", value)
        if "properties" in inside:
            yield from keys_of(inside, below)
        else:
            yield below
for key in keys_of(schema):
    if not {key, key.removeprefix("profile.")} & shown:  # a profile's are as those above it
        faults.append(f"has no line for {key} in its table")
for fault in faults:
    print(f"config_schemas: {sys.argv[2]}: {fault}", file=sys.stderr)
sys.exit(bool(faults))
END
done
[ $faults -eq 0 ] && [ $check = 1 ] && echo "config_schemas: ok (${#samples[@]} files)"
exit $((faults > 0))
