#!/bin/sh
# Prints every *.nft of Listings/ through the kernel of a fresh network namespace: NAME.list and NAME.json.
# Needs nft and unprivileged user namespaces; TZ, since nft prints `meta time` in the local zone.
set -eu
cd "$(dirname "$0")/Listings"
for file in *.nft; do
    name=${file%.nft}
    table=$(sed -n 's/^table inet \([a-z]*\) {$/\1/p' "$file")
    TZ=UTC unshare -Urn sh -eu -c '
        nft -f "$1.nft"
        nft list table inet "$2" > "$1.list"
        nft -j list table inet "$2" > "$1.json"
        echo >> "$1.json"
    ' sh "$name" "$table"
done
