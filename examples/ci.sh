#!/bin/sh
# A gate for exports in a pipeline: ci.sh SOURCE...   (nothing is written)
#
# Exit codes, as acrm gives them:
#   0  the exports were read, and at most 1 % of their rows were rejected
#   1  they were read, but more was rejected: look at the reasons in the summary and mend the data
#   3  they could not be read (missing, empty, not a table): nothing was checked, look at the job that makes them
#   2  the command line is wrong: look at this script
set -eu

ACRM=${ACRM:-acrm}

"$ACRM" clean "$@" --dry-run --fail-on "rejected_share>0.01"
