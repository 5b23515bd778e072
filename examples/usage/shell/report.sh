#!/bin/bash
# Reports usage to the sidecar: report.sh <dimension> <quantity>. Exits with 0 once the usage is on its disk.
set -euo pipefail

dimension=$1 quantity=$2
url=${SIDECAR_URL:-http://localhost:7070}/v1/usage
# One key for each report. The sidecar counts it once, however often the request is repeated.
key=$(cat /proc/sys/kernel/random/uuid)
body="{\"dimension\":\"$dimension\",\"quantity\":$quantity,\"idempotencyKey\":\"$key\"}"

# curl repeats connection errors, 408, 429 and 5xx, and waits a second or as long as Retry-After says.
answer=$(curl --silent --noproxy '*' --max-time 10 --retry 60 --retry-delay 1 --retry-all-errors \
  --write-out '\n%{http_code}' --data "$body" "$url") || {
  echo "the sidecar does not answer" >&2
  exit 1
}
status=${answer##*$'\n'}
if [[ $status != 200 ]]; then
  # 400 is final: the same report would be refused again.
  echo "the usage was not acknowledged: ${answer%$'\n'*}" >&2
  exit 1
fi
