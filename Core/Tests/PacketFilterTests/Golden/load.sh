#!/bin/sh
# Loads every golden text into a kernel, each in a network namespace of its own: sh load.sh
set -eu
cd "$(dirname "$0")"
for file in full-*.nft selective-*.nft visibility-*.nft quarantined-*.nft idle-*.nft; do
    unshare -Urn nft -c -f "$file"
    unshare -Urn nft -f "$file"
    echo "loads: $file"
done
# The updates follow one another on one table, and removal works twice.
unshare -Urn sh -ec 'for file in full-db.nft update-db.nft update-db-to-idle.nft update-db-from-idle.nft removal.nft removal.nft; do
    nft -f $file
    echo "follows: $file ($(nft list ruleset | grep -c "chain ") chains)"
done
test -z "$(nft list ruleset)"'
