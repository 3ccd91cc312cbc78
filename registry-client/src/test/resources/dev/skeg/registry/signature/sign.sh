#!/bin/sh
# Signs a version as OpenSSF Model Signing 1.0 has it, with nothing but openssl and the shell.
#
#   sign.sh VERSION_DIR KEY_PEM HASH [CERTIFICATE_PEM CA_PEM]
#
# Writes VERSION_DIR/model.sig. HASH is what the signature itself is of: sha256 for a key of P-256, sha384
# of P-384, sha512 of P-521. With certificates, they are the chain in it.
set -eu
version=$1 key=$2 hash=$3
work=$(mktemp -d "${TMPDIR:-/tmp}/sign.XXXXXX")
trap 'rm -rf "$work"' EXIT

type=application/vnd.in-toto+json
resources=
separator=
: >"$work/digests"
for path in $(cd "$version" && find . -type f ! -name model.sig | sed 's|^\./||' | LC_ALL=C sort); do
  openssl dgst -sha256 -binary "$version/$path" >>"$work/digests"
  digest=$(openssl dgst -sha256 -r "$version/$path" | cut -d ' ' -f 1)
  resources="$resources$separator{\"name\":\"$path\",\"algorithm\":\"sha256\",\"digest\":\"$digest\"}"
  separator=,
done
root=$(openssl dgst -sha256 -r "$work/digests" | cut -d ' ' -f 1)
printf '%s' "{\"_type\":\"https://in-toto.io/Statement/v1\",\
\"subject\":[{\"name\":\"m\",\"digest\":{\"sha256\":\"$root\"}}],\
\"predicateType\":\"https://model_signing/signature/v1.0\",\
\"predicate\":{\"serialization\":{\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false},\
\"resources\":[$resources]}}" >"$work/statement"

# DSSE's pre-authentication encoding, which is what is signed.
{
  printf 'DSSEv1 %d %s %d ' "${#type}" "$type" "$(wc -c <"$work/statement")"
  cat "$work/statement"
} >"$work/encoded"
openssl dgst "-$hash" -sign "$key" -out "$work/signature" "$work/encoded"

material='"publicKey":{"hint":"openssl"}'
if [ $# -gt 3 ]; then
  leaf=$(openssl x509 -in "$4" -outform DER | openssl base64 -A)
  ca=$(openssl x509 -in "$5" -outform DER | openssl base64 -A)
  material="\"x509CertificateChain\":{\"certificates\":[{\"rawBytes\":\"$leaf\"},{\"rawBytes\":\"$ca\"}]}"
fi
printf '%s' "{\"mediaType\":\"application/vnd.dev.sigstore.bundle.v0.3+json\",\
\"verificationMaterial\":{$material,\"tlogEntries\":[]},\
\"dsseEnvelope\":{\"payload\":\"$(openssl base64 -A -in "$work/statement")\",\
\"payloadType\":\"$type\",\
\"signatures\":[{\"sig\":\"$(openssl base64 -A -in "$work/signature")\",\"keyid\":\"\"}]}}" \
  >"$version/model.sig"
