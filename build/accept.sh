#!/bin/sh
# Runs the long checks called NAME, which CI runs only in a short form: build/accept.sh mutations. Without a name it lists them.
set -u
cd "$(dirname "$0")/.." || exit 1
. build/dotnet.sh

# The checks are tests with [TestCategory("NAME")]; what they do more of in this run, Acceptance.Count says.
names=$(grep -rhoE '\[TestCategory\("[a-z-]+"\)\]' Microsoft.ML.Lstm.Tests --include='*.cs' | sed 's/.*"\(.*\)".*/\1/' | sort -u)
name=${1:-}
if ! printf '%s\n' "$names" | grep -qx -- "$name"; then
    echo "Usage: build/accept.sh NAME, where NAME is one of:"
    printf '%s\n' "$names" | sed 's/^/    /'
    exit 1
fi

build Microsoft.ML.Lstm.Tests
LSTM_ACCEPTANCE=1 dotnet test Microsoft.ML.Lstm.Tests -c Release --no-build --nologo --filter "TestCategory=$name" --logger "console;verbosity=detailed"
