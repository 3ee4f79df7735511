#!/usr/bin/env bash
# crpctl config on all four files: the samples themselves, what is shown and compared, did-you-mean,
# and the JSON Schemas, which have to be current.
set -uo pipefail
source "$(dirname "$0")/init_lib.sh"
begin_init init_config
declare -A sample=([ndesd]=$root/scep-server/ndesd.sample.toml [crpd]=$root/crp-service/crpd.sample.toml
    [module]=$root/policy-module/ndes_policy_crp.sample.toml [crpctl]=$root/crp-service/crpctl.sample.toml)
declare -A usual=([ndesd]=ndesd [crpd]=crpd [module]=ndes_policy_crp [crpctl]=crpctl)
config() { timeout 30 "$crpctl" config "$@" 2>&1; }
for name in ndesd crpd module crpctl; do cp "${sample[$name]}" "${usual[$name]}.toml"; done

expect "the schemas are current, sound, and the samples fit them" "$root/scripts/config_schemas.sh" --check "$crpctl"

# uncommented PROGRAM: its sample with the keys set that are commented out and in force; but for those
# that stand in place of others, whose values are examples.
uncommented() {
    config show --config "${sample[$1]}" --program "$1" --origin --format json >in-force.json
    python3 - "${sample[$1]}" <<'END'
import json, re, sys
examples = {"ra.store", "crp.certificate_store", "caller.issuer", "caller.san", "store.node",
            "ra.signing_key_uri", "ra.encryption_key_uri", "issuer.key_uri"}
defaults = {re.sub(r"\[\d+\]", "", one["name"]) for one in json.load(open("in-force.json"))
            if one["origin"] == "default"}
table, count = "", 0
for line in open(sys.argv[1]):
    if re.match(r"(# )?\[", line):
        table = re.search(r"\[+([^\]]*)", line)[1] + "." if line[0] == "[" else "none."
    found = re.match(r"# (([A-Za-z_0-9]+) = .*)$", line)
    if found and table + found[2] in defaults - examples:
        line = found[1] + "\n"
        count += 1
    sys.stdout.write(line)
sys.exit(count < 2)
END
}

for name in ndesd crpd module crpctl; do
    file=${usual[$name]}.toml
    expect "$name: config show reads the sample" "$crpctl" config show --config "$file"
    expect "$name: also by --program under any name" "$crpctl" config show --config "${sample[$name]}" --program "$name"
    expect_match "$name: a setting has its file and line" "$(config show --config "$file" --origin)" "$file:[0-9]+"
    expect_match "$name: a default is told as such" "$(config show --config "$file" --origin)" " default"
    expect_match "$name: diff names what the sample sets" "$(config diff --config "$file")" "$file:[0-9]+"
    expect_match "$name: a file is no other than itself" "$(config diff --config "$file" "$file")" "no differences"
done

# ---- origins: conf.d and the environment
mkdir -p layered/conf.d
cp ndesd.toml layered/
printf '[server]\nworker_threads = 7\n[mscep]\nPasswordMax = 9\n' >layered/conf.d/site.toml
shown=$(NDES_SERVER__QUEUED_REQUESTS=77 config show --config layered/ndesd.toml --origin --format csv)
expect_match "conf.d is an origin" "$shown" "server.worker_threads,7,[^,]*conf.d/site.toml:2"
expect_match "so is the environment" "$shown" "server.queued_requests,77,environment NDES_SERVER__QUEUED_REQUESTS"
expect_match "NDES' registry is shown, too" "$shown" "mscep.EnforcePassword,1,default"
shown=$(config diff --config layered/ndesd.toml --format json)
expect_equal "diff has value and default" \
    "$(jq -r '.[] | select(.name == "mscep.PasswordMax") | "\(.value) \(.other)"' <<<"$shown")" "9 5"
shown=$(config diff --config layered/ndesd.toml ndesd.toml --format json)
expect_equal "diff of two files has what they differ in, and that alone" \
    "$(jq -r '[.[] | "\(.name) \(.value) \(.other)"] | sort | join(", ")' <<<"$shown")" \
    "mscep.PasswordMax 9 5, server.worker_threads 7 16"

# ---- the samples' comments tell the defaults
for name in ndesd crpd module crpctl; do
    mkdir -p "full/$name"
    uncommented "$name" >"full/$name/${usual[$name]}.toml" || not_ok "$name: has keys that are commented out"
    set_here=$(config diff --config "${usual[$name]}.toml" --format json | jq -r '[.[].name] | sort | join(" ")')
    set_full=$(config diff --config "full/$name/${usual[$name]}.toml" --format json | jq -r '[.[].name] | sort | join(" ")')
    expect_equal "$name: what the sample has commented out are the defaults" "$set_full" "$set_here"
done

# ---- did you mean
wrong() { # FILE FROM TO MEANT
    sed "0,/^$2 = /s//$3 = /" "$1" >"wrong-$1"
    mkdir -p wrong && mv "wrong-$1" "wrong/$1"
    expect_match "$1: $3" "$(config check --config "wrong/$1")" "$1:[0-9]+:[0-9]+: unknown key [a-z.]*$3, did you mean $4"
    config check --config "wrong/$1" >/dev/null; expect_equal "$1 with it is a failure" "$?" 1
}
wrong ndesd.toml module_config modul_config module_config
wrong crpd.toml client_ca_file cliient_ca_file client_ca_file
wrong ndes_policy_crp.toml server_ca_file server_ca_fil server_ca_file
wrong crpctl.toml cert crt cert
expect_match "a variable, too" "$(NDESPOLICY_CRP__ATEMPTS=3 config check --config ndes_policy_crp.toml)" \
    "environment NDESPOLICY_CRP__ATEMPTS: unknown key crp.ATEMPTS, did you mean attempts"
config show --config "${sample[ndesd]}" --program none >/dev/null; expect_equal "a program that is none" "$?" 2
cp crpd.toml other.toml
expect_match "a name that tells nothing" "$(config show --config other.toml)" "give --program"
expect_match "every fault has a line of its own" \
    "$(printf '[server]\nlisten = 1\nx = 2\n' >crpd-faults.toml; config check --config crpd-faults.toml | grep -c 'crpd-faults.toml:[0-9]*:')" '^[2-9]$'
expect_match "a file that is not there" "$(config show --config crpd-none.toml)" "crpd-none.toml"

# ---- check looks at the files that are named
make_lab_pki "$test_dir/pki"
mkdir -p checked && ln -s "$test_dir/pki/tls" checked/tls
printf 'url = "https://localhost:1"\nca = "tls/ca.pem"\ncert = "tls/admin.pem"\nkey = "tls/%s.key"\n' admin >checked/crpctl.toml
expect "a pair that fits" "$crpctl" config check --config checked/crpctl.toml
sed -i 's#tls/admin.key#tls/mdm.key#' checked/crpctl.toml
expect_match "a pair that does not" "$(config check --config checked/crpctl.toml)" "mdm.key: is not the key of .*admin.pem"
sed -i 's#tls/ca.pem#tls/none.pem#' checked/crpctl.toml
expect_match "and every other fault with it" "$(config check --config checked/crpctl.toml)" "none.pem"

# ---- secrets are names of files
printf '[store]\nkind = "postgresql"\nconnection = "host=db user=crp_run password=hidden"\n' >crpd-secret.toml
shown=$(config show --config crpd-secret.toml)
expect_match "a password in a connection is masked" "$shown" 'password=\*\*\*'
expect_fails "and nowhere else" grep -q hidden <<<"$shown"
finish_init
