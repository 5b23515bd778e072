#!/bin/bash -p
# start.sh COMMAND... runs the command if AWS Marketplace has signed that the product may run here.
# Call it by its path, because -p keeps out functions of the environment. docs/guides/proof.md says more.
set -uo pipefail

public_key='-----BEGIN PUBLIC KEY-----
put the public key of your product here
-----END PUBLIC KEY-----'
public_key_version=1
product_code='your-product-code'
sidecar='http://localhost:7070'
patience=60

refuse() {
  printf 'proof refused: %s\n' "$1" >&2
  exit 1
}

# Runs a tool with an environment that no one else has filled.
clean() { env -i PATH="$PATH" LC_ALL=C "$@" 2>/dev/null; }

# curl itself retries after 429 and 503, as Retry-After says. The status comes last.
ask() {
  clean curl -q --silent --fail --noproxy '*' --max-time "$patience" \
    --retry 100 --retry-max-time "$patience" --write-out '%{http_code}' \
    "$sidecar/v1/entitlement/proof?nonce=$1" | head -c 65536 | tr -cd ' -~'
}

decode() {
  local text=${1//-/+} padding='==='
  printf '%s' "${text//_//}${padding:0:(4 - ${#text} % 4) % 4}" | clean openssl base64 -d -A
}

check() (
  PATH=/usr/local/bin:/usr/bin:/bin
  clean openssl pkey -pubin -noout <<<"$public_key" || refuse 'the public key cannot be read'
  nonce=$(clean openssl rand -hex 32) || refuse 'there are no random numbers'
  answer=$(ask "$nonce") && status=200 || status=${answer: -3}
  [[ $status == 200 ]] || refuse "the sidecar answered ${status//[!0-9]/?} instead of a proof"

  is='" *: *' part='([A-Za-z0-9_-]*)'
  [[ $answer =~ \"token$is\"$part\.$part\.$part\" ]] || refuse 'no PS256 token in the answer'
  header=${BASH_REMATCH[1]} payload=${BASH_REMATCH[2]} signature=${BASH_REMATCH[3]}
  decoded=$(decode "$header" | tr -cd ' -~')
  [[ $decoded =~ \"alg$is\"PS256\" ]] || refuse 'no PS256 token in the answer'
  printf '%s' "$header.$payload" | clean openssl dgst -sha256 -sigopt rsa_padding_mode:pss \
    -sigopt rsa_pss_saltlen:32 -verify <(printf '%s\n' "$public_key") \
    -signature <(decode "$signature") >/dev/null || refuse 'the token is not signed by AWS'

  # From here on AWS wrote the text, so patterns are enough.
  claims=$(decode "$payload") version="\"[pP]ublicKeyVersion$is\"?$public_key_version[^0-9.]"
  [[ $claims =~ \"[nN]once$is\"$nonce\" ]] || refuse 'the token is for another nonce'
  [[ $claims =~ \"[pP]roductCode$is\""$product_code"\" ]] || refuse 'it is for another productCode'
  [[ $claims =~ $version ]] || refuse 'the token is for another publicKeyVersion'
)

check || exit
printf 'proof holds: AWS Marketplace has signed for %s\n' "$product_code" >&2
[[ $# == 0 ]] || exec "$@"
