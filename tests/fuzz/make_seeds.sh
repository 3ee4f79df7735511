#!/usr/bin/env bash
# Makes tests/fuzz/seeds anew from the captured messages of tests/testdata/scep and with the openssl
# command line. Inputs named regression-* (that once broke something) stay.
set -euo pipefail
cd "$(dirname "$0")"
data=../testdata/scep
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for target in csr http_request http_url minted_challenge scep_envelope scep_message sealed_challenge wire_json; do
    mkdir -p "seeds/$target"
    find "seeds/$target" -type f ! -name 'regression-*' -delete
done

# Messages as captured; their envelopes; the requests inside.
for client in scepclient_pkcsreq strongswan_pkcsreq strongswan_3des_sha512_pss; do
    cp "$data/$client.der" "seeds/scep_message/"
    openssl cms -verify -noverify -nosigs -inform DER -in "$data/$client.der" -out "seeds/scep_envelope/$client.der" 2>/dev/null
    openssl cms -decrypt -inform DER -in "seeds/scep_envelope/$client.der" -inkey "$data/ra_test_key.pem" \
        -recip "$data/ra_certificate.pem" -provider legacy -provider default -out "seeds/csr/$client.der" 2>/dev/null
done
# The same in BER with indefinite lengths, as streaming clients write it.
openssl cms -encrypt -stream -indef -binary -aes256 -in seeds/csr/strongswan_pkcsreq.der -outform DER \
    -out seeds/scep_envelope/stream.der "$data/ra_certificate.pem"
openssl cms -sign -stream -indef -binary -nodetach -in seeds/scep_envelope/stream.der -outform DER \
    -signer "$data/ra_certificate.pem" -inkey "$data/ra_test_key.pem" -out seeds/scep_message/stream.der
# Shapes that are refused: AEAD, another kind of recipient.
openssl cms -encrypt -binary -aes-256-gcm -in seeds/csr/strongswan_pkcsreq.der -outform DER \
    -out seeds/scep_envelope/gcm.der "$data/ra_certificate.pem"
openssl cms -encrypt -binary -aes128 -pwri_password x -in seeds/csr/strongswan_pkcsreq.der -outform DER \
    -out seeds/scep_envelope/password.der

# Requests with every extension and string type that the reader knows.
request() { # NAME SUBJECT EXTENSION…
    local name=$1 subject=$2 extensions=()
    shift 2
    for extension in "$@"; do extensions+=(-addext "$extension"); done
    openssl req -new -utf8 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/key" \
        -subj "$subject" "${extensions[@]}" -outform DER -out "seeds/csr/$name.der" 2>/dev/null
}
request plain "/CN=device"
request names "/C=DE/O=Exämple/OU=a/emailAddress=a@b.example/CN=device" \
    "subjectAltName=DNS:a.example,email:a@b.example,URI:urn:x:1,IP:192.0.2.1,IP:2001:db8::1,otherName:1.3.6.1.4.1.311.20.2.3;UTF8:user@example.com"
request usages "/CN=device+serialNumber=1" "keyUsage=critical,digitalSignature,keyEncipherment" \
    "extendedKeyUsage=clientAuth" "basicConstraints=CA:TRUE" \
    "1.3.6.1.4.1.311.25.2=ASN1:UTF8String:x" "1.2.3.4=critical,ASN1:NULL"

# Sealed challenges: claims, envelope, message (README.md of crp-service/challenge).
claims='{"version":1,"challengeId":"0f0e0d0c-0b0a-4909-8807-060504030201","policyId":"wifi","certificateRequestId":"ModelName=S;Version=1;Hash=1","deviceId":"phone-1","userId":"alice","audience":"crp-1","issuedAt":"2026-11-27T00:00:00Z","notBefore":"2026-11-27T00:00:00Z","expiresAt":"2026-11-27T01:00:00Z","expected":{"subject":"CN=a","subjectAltNames":[{"type":"dns","value":"a.example"}],"keyUsage":["digitalSignature"],"extendedKeyUsage":["1.3.6.1.5.5.7.3.2"]}}'
printf '%s' "$claims" >seeds/sealed_challenge/claims.json
openssl cms -encrypt -binary -aes256 -in seeds/sealed_challenge/claims.json -outform DER \
    -out seeds/sealed_challenge/envelope.der "$data/ra_certificate.pem"
openssl cms -sign -binary -nodetach -md sha256 -signer "$data/ra_certificate.pem" -inkey "$data/ra_test_key.pem" \
    -in seeds/sealed_challenge/envelope.der -outform DER -out seeds/sealed_challenge/sealed.der

# Minted ones: the claims' octets, and a token under a key that nobody has.
python3 - seeds/minted_challenge <<'PY'
import sys
text = b"phone-1\0alice"
bits = "".join(format(octet, "07b") for octet in text)
bits += "0" * (-len(bits) % 8)
packed = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
claims = bytes(range(16)) + bytes(12) + (1_800_000_000_000).to_bytes(6, "big") + (3_600_000).to_bytes(5, "big") + packed
open(sys.argv[1] + "/claims.bin", "wb").write(claims)
open(sys.argv[1] + "/token.txt", "w").write("crp1.k1." + "QUJD" * 40)
open(sys.argv[1] + "/posted.txt", "w").write("correct horse battery staple")
PY

csr=$(openssl base64 -A -in seeds/csr/plain.der)
json() { printf '%s' "$2" >"seeds/wire_json/$1.json"; }
json verify "{\"transactionId\":\"t-1\",\"requestId\":\"r-1\",\"certificateRequest\":\"$csr\",\"signingCertificate\":null,\"template\":\"GeneralPurpose\",\"caName\":\"CA\",\"deviceAddress\":\"192.0.2.1\"}"
json answer '{"verified":true,"reason":"Success","phase":3,"detail":"","transactionId":"t-1","decisionId":"d-1","certificate":{"subject":"CN=a","subjectAltNames":[{"type":"dns","value":"a.example"}],"keyUsage":["digitalSignature"],"extendedKeyUsage":["1.3.6.1.5.5.7.3.2"],"validityDays":365,"template":"GeneralPurpose"}}'
json refusal '{"verified":false,"reason":"ChallengeExpired","phase":2,"detail":"expired","transactionId":"t-1","decisionId":"d-1","certificate":null}'
json notify '{"transactionId":"t-1","requestId":"r-1","challenge":"secret","disposition":0,"hResult":0,"certificate":"MAA="}'
json notify_failure '{"transactionId":"t-1","requestId":"r-1","challenge":null,"disposition":2,"hResult":-2147467259,"certificate":null}'
json generate '{"requestId":"r-1","template":"GeneralPurpose","params":"deviceId=a&policyId=b&userId=c"}'
json generated '{"challenge":"crp1.k1.QUJD","challengeId":"c-1","expiresAt":"2026-11-27T01:00:00Z"}'
json escapes '{"a":"\u00e4\ud83d\ude00\n","a\u0000":[1,-0.5e+9,true,null,[],{}]}'

message=$(openssl base64 -A -in "$data/strongswan_pkcsreq.der")
printf '%s' "operation=PKIOperation&message=${message//+/%2B}" >seeds/http_url/get_message.txt
printf '%s' "operation=GetCACert&message=CA%20name" >seeds/http_url/get_ca_cert.txt
printf '%s' "/certsrv/mscep/mscep.dll/pkiclient.exe?operation=GetCACaps" >seeds/http_url/path.txt
printf '%s' "/api/v1/devices/a%2Fb%25/?limit=5&&after=%41==+" >seeds/http_url/segments.txt
printf '%s' "${message:0:200}" | tr '+/' '-_' >seeds/http_url/base64url.txt

printf 'GET /certsrv/mscep/?operation=GetCACaps HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\nHEAD / HTTP/1.0\r\n\r\n' >seeds/http_request/get.txt
printf 'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhelloGET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' >seeds/http_request/length.txt
printf 'POST http://a/b?c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;x="y"\r\nhello\r\n0\r\nT: v\r\n\r\nGET / HTTP/1.1\r\nHost:\r\n\r\n' >seeds/http_request/chunked.txt
printf 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n' >seeds/http_request/smuggle.txt
printf '\r\nGET / HTTP/1.1\r\nHost: a\r\nX : y\r\n folded\r\n\r\n' >seeds/http_request/malformed.txt
find seeds -type f | wc -l
