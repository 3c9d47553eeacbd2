#!/bin/sh
# Runs the long checks called NAME, which CI leaves out or runs in a short form: build/accept.sh mutations. Without a name it lists them.
set -u
cd "$(dirname "$0")/.." || exit 1
. build/dotnet.sh

# Programs: samples that measure. Their arguments follow the name.
programs="accuracy benchmarks speech-digits"
# Tests: those with [TestCategory("NAME")]; what they do more of in this run, Acceptance.Count says.
categories=$(grep -rhoE '\[TestCategory\("[a-z-]+"\)\]' Microsoft.ML.Lstm.Tests --include='*.cs' | sed 's/.*"\(.*\)".*/\1/' | sort -u)

name=${1:-}
[ $# -gt 0 ] && shift
case "$name" in
    accuracy) project=samples/Accuracy ;;
    benchmarks) project=samples/Benchmarks ;;
    speech-digits) project=samples/SpeechDigits ;;
    *)
        if ! printf '%s\n' "$categories" | grep -qx -- "$name"; then
            echo "Usage: build/accept.sh NAME [ARGUMENT ...], where NAME is one of:"
            printf '    %s\n' $programs $categories
            exit 1
        fi
        # The samples' test starts the programs of all samples.
        if [ "$name" = samples ]; then build LstmMl.sln; else build Microsoft.ML.Lstm.Tests; fi
        LSTM_ACCEPTANCE=1 dotnet test Microsoft.ML.Lstm.Tests -c Release --no-build --nologo --filter "TestCategory=$name" \
            --logger "console;verbosity=detailed" "$@"
        exit $?
        ;;
esac
build $project
dotnet run --project $project -c Release --no-build -- "$@"
