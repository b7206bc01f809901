#!/bin/sh
# From an order to its label with curl:
#   sh ship.sh make orders/5001.json      make the shipment, wait until the parcel platform has it, save <barcode>.pdf
#   sh ship.sh state 5001                 where it is
#   sh ship.sh cancel 5001                cancel it, and with it the order, for good
# PARCELVEIL_URL, PARCELVEIL_SHOP and PARCELVEIL_TOKEN are in the environment.
set -eu

lane="$PARCELVEIL_URL/v1/shops/$PARCELVEIL_SHOP/shipments"
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# ask METHOD PATH [options of curl]: prints the status and leaves the answer in a file. The token is no argument: every
# user of this machine can read the arguments of a process.
ask() {
    method=$1 path=$2
    shift 2
    printf 'header = "Authorization: Bearer %s"\n' "$PARCELVEIL_TOKEN" |
        curl -sS --config - --max-time 40 -X "$method" -o "$answer" -w '%{http_code}' "$@" "$lane$path"
}

# member NAME: of the answer.
member() {
    sed -n "s/.*\"$1\": *\"\([^\"]*\)\".*/\1/p" "$answer"
}

# The answer as it is, and the end where it is a problem.
tell() {
    cat "$answer"
    [ "$1" -lt 400 ] || exit 1
}

of() {
    status=$(ask GET "" -G --data-urlencode "order=$1")
    [ "$status" = 200 ] || tell "$status"
}

case "${1-} ${2-}" in
"make "?*)
    flat=$(tr -d ' \t\r\n' < "$2")
    order=$(printf %s "$flat" | sed -n 's/.*"order":{"id":"\([^"]*\)".*/\1/p')
    version=$(printf %s "$flat" | sed -n 's/.*"updated_at":"\([^"]*\)".*/\1/p')
    if [ -z "$order" ] || [ -z "$version" ]; then
        echo "$2: \"order\" begins with its \"id\", and has an \"updated_at\"" >&2
        exit 2
    fi
    status=$(ask POST "" -H 'Content-Type: application/json' -H 'Prefer: wait=10' \
        -H "Idempotency-Key: \"order-$order-$version\"" --data-binary "@$2")
    [ "$status" -lt 400 ] || tell "$status"
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
        of "$order"
        case $(member state) in
        delivered) break ;;
        waiting | held | claimed) sleep 2 ;;
        *) break ;;
        esac
    done
    tell "$status"
    id=$(member id) barcode=$(member barcode)
    [ -n "$barcode" ] || exit 1
    status=$(ask GET "/$id/label")
    [ "$status" = 200 ] || tell "$status"
    (umask 077 && cp "$answer" "$barcode.pdf")
    ;;
"state "?*)
    of "$2"
    tell 200
    ;;
"cancel "?*)
    of "$2"
    tell "$(ask DELETE "/$(member id)" -H 'Prefer: wait=10')"
    ;;
*)
    sed -n '2,6s/^# *//p' "$0" >&2
    exit 2
    ;;
esac
