#!/bin/sh
# Builds and runs the airline-passengers sample; arguments are passed on to it (for example: build/run.sh --threads 1 --json figures.json).
# MlNetSource=package or MlNetSource=standin in the environment says which ML.NET to use; otherwise it is found out.
set -u
caller=$(pwd)
cd "$(dirname "$0")/.." || exit 1
root=$(pwd)
. build/mlnet-source.sh
find_mlnet_source

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Building ..."
if ! dotnet build samples/AirlinePassengers -c Release --nologo -v q -clp:NoSummary $mlnet_arguments > "$log" 2>&1; then
    cat "$log"
    echo "The build failed."
    exit 1
fi
# Where it was called from, since the sample writes its files there and arguments may name others.
cd "$caller" || exit 1
dotnet run --project "$root/samples/AirlinePassengers" -c Release --no-build $mlnet_arguments -- "$@"
