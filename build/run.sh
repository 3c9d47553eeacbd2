#!/bin/sh
# Builds and runs the airline-passengers sample; arguments are passed on to it (for example: build/run.sh --out charts).
set -u
caller=$(pwd)
root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
. "$root/build/dotnet.sh"

build "$root/samples/AirlinePassengers"
# Where it was called from, since the sample writes its files there and arguments may name others.
cd "$caller" || exit 1
dotnet run --project "$root/samples/AirlinePassengers" -c Release --no-build -- "$@"
