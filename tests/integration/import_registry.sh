#!/usr/bin/env bash
# An exported NDES registry becomes settings that ndesd takes: UTF-16LE as regedit writes it, and
# REGEDIT4.
set -uo pipefail
source "$(dirname "$0")/lib.sh"
begin import_registry false
# ndesd's own conf.d: crpd has the same folder, but is not started again.
mkdir -p "$test_dir/lab/conf.d"
made=$test_dir/lab/conf.d/mscep.toml
key='HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Cryptography\MSCEP'

cat >export.txt <<REG
Windows Registry Editor Version 5.00

[$key]
"SignatureTemplate"="NDES \\"Sign\\" \\\\ Überlänge"
"EncryptionTemplate"="NDESEncrypt"
"GeneralPurposeTemplate"="NDESGeneral"
"EncryptedPassword"=hex:01,00,00,00,d0,8c,9d,df,01,15,d1,11,8c,7a,00,c0,4f,c2,97,\\
  eb,01

[$key\\CAType]
"CAType"=dword:00000001

[$key\\CAInfo]
"Configuration"="ca01.example.org\\\\Example CA"

[$key\\CertsInMYStore]
"CertsInMyStore"=dword:00000001

[$key\\EnforcePassword]
"EnforcePassword"=dword:00000001

[$key\\HashAlgorithm]
"HashAlgorithm"="SHA1"

[$key\\Modules]
"Policy"="NDESPolicy.OTA.1"

[$key\\Modules\\NDESPolicy]
"NDESCertThumbprint"="0123456789abcdef0123456789abcdef01234567"

[$key\\PasswordMax]
"PasswordMax"=dword:00000064

[$key\\PasswordLength]
"PasswordLength"=dword:0000000c

[$key\\PasswordVDir]
"PasswordVDir"="certsrv/mscep_admin"

[$key\\DisableRenewalSubjectNameMatch]
"DisableRenewalSubjectNameMatch"=dword:00000001

[$key\\CacheRequest]
"CacheRequest"=dword:0000000a

[$key\\PasswordValidity]
"PasswordValidity"=dword:0000003c

[$key\\Refresh]
"RefreshPeriod"=hex:07

[$key\\UseSinglePassword]
"UseSinglePassword"=dword:00000000

[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters]
"MaxFieldLength"=dword:0000fffe
REG
{ printf '\xff\xfe'; sed 's/$/\r/' export.txt | iconv -f UTF-8 -t UTF-16LE; } >export.reg

import() { "$lab_bin/crpctl" import-registry "$1" --out "$made"; }
check_config() { "$lab_bin/ndesd" --config "$test_dir/lab/ndesd.toml" --check-config; }
expect "the export is read" import export.reg
expect "ndesd takes the result" check_config
result=$(cat "$made")
has_line() { grep -qxF -- "$1" "$made"; }
expect "numbers are decimal" has_line 'PasswordMax = 100'
expect "a binary number is read" has_line 'RefreshPeriod = 7'
for line in 'CAType = 1' 'EnforcePassword = 1' 'PasswordValidity = 60' 'PasswordLength = 12' 'UseSinglePassword = 0' \
    'PasswordVDir = "certsrv/mscep_admin"' 'DisableRenewalSubjectNameMatch = 1' 'CacheRequest = 10' \
    'EncryptionTemplate = "NDESEncrypt"' 'GeneralPurposeTemplate = "NDESGeneral"'; do
    expect "$line" has_line "$line"
done
expect "texts are escaped" has_line 'SignatureTemplate = "NDES \"Sign\" \\ Überlänge"'
expect "the CA's name is taken over" has_line 'Configuration = "ca01.example.org\\Example CA"'
for name in HashAlgorithm CertsInMyStore EncryptedPassword Policy NDESCertThumbprint; do
    expect_match "$name is explained" "$(grep -A1 "^# $name = " "$made")" 'not taken over: '
done
expect "the sealed password is not shown" has_line '# EncryptedPassword = (not shown)'
expect_fails "an existing file is not overwritten" import export.reg

# The script of the white paper's appendix 2, in the older format.
cat >old.reg <<REG
REGEDIT4

[HKEY_LOCAL_MACHINE\\Software\\Microsoft\\Cryptography\\MSCEP1]
"SignatureTemplate"="IPSECIntermediateOffline"

[HKEY_LOCAL_MACHINE\\Software\\Microsoft\\Cryptography\\MSCEP1\\EnforcePassword]
"EnforcePassword"=dword:0

[HKEY_LOCAL_MACHINE\\Software\\Microsoft\\Cryptography\\MSCEP1\\CacheRequest]
"CacheRequest"=dword:14
REG
rm "$made"
expect "REGEDIT4 is read" import old.reg
expect "ndesd takes that, too" check_config
expect "minutes are read" has_line 'CacheRequest = 20'
expect "what lets everybody in is left to the operator" has_line '# EnforcePassword = 0'
rm "$made"
printf 'hello\n' >bad.reg
expect_fails "another file is refused" import bad.reg
rm -r "$test_dir/lab/conf.d"
finish
