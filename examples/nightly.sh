#!/bin/sh
# Every night: put new exports into the store, grade the customers, keep the results of the last nights.
#
# In the crontab (cron knows no PATH and no current folder, so every path is absolute):
#   15 3 * * *  ACRM=/opt/acrm/bin/acrm BASE=/srv/shop /srv/shop/nightly.sh
#
# Ends with the exit code of the first command that fails (docs/exit-codes.md), and cron mails what acrm said.
# The exports then wait in BASE/work for the next night, and the results of the night before stay as they are.
set -eu

ACRM=${ACRM:-/opt/acrm/bin/acrm}
BASE=${BASE:-/srv/shop}
INBOX=${INBOX:-$BASE/inbox} # where the exports arrive
STORE=$BASE/store           # grows every night; reading the same export again changes nothing
RESULTS=$BASE/results
KEEP=${KEEP:-30} # nights
NIGHT=$(date +%Y-%m-%d)

# Taken out of the inbox first: what arrives during the run is left for the next one, and so is a file (-n) whose name
# a failed night left in work.
mkdir -p "$BASE/work"
find "$INBOX" -mindepth 1 -maxdepth 1 -exec mv -n {} "$BASE/work/" \;
if [ -z "$(ls "$BASE/work")" ]; then
    echo "nightly.sh: nothing new in $INBOX" >&2
    exit 0
fi

exec >>"$BASE/nightly.log" # the summaries; cron mails only what goes wrong
"$ACRM" clean "$BASE/work" --out "$STORE" --quiet
"$ACRM" rfm "$STORE" --out "$RESULTS/$NIGHT" --format parquet,csv --quiet

mkdir -p "$BASE/done/$NIGHT"
find "$BASE/work" -mindepth 1 -maxdepth 1 -exec mv {} "$BASE/done/$NIGHT/" \;
# The names are dates, so the newest come first.
ls "$RESULTS" | sort -r | tail -n +$((KEEP + 1)) | while read -r night; do rm -r "${RESULTS:?}/$night"; done
