#!/bin/sh
# Builds everything and runs all tests; arguments are passed on to dotnet test (for example: build/test.sh --filter Persistence).
# MlNetSource=package or MlNetSource=standin in the environment says which ML.NET to use; otherwise it is found out.
set -u
cd "$(dirname "$0")/.." || exit 1
. build/mlnet-source.sh
find_mlnet_source

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Building ..."
if ! dotnet build LstmMl.sln -c Release --nologo -v q -clp:NoSummary $mlnet_arguments > "$log" 2>&1; then
    cat "$log"
    echo "The build failed."
    exit 1
fi

echo "Testing ..."
dotnet test LstmMl.sln -c Release --no-build --nologo $mlnet_arguments "$@" > "$log" 2>&1
result=$?
# One line a test assembly: "Passed!  - Failed:     0, Passed:    12, Skipped:     0, Total:    12, ..."; whatever went wrong is shown whole.
if [ $result -ne 0 ]; then
    cat "$log"
else
    grep -E '^ *Skipped ' "$log"
fi
sed -n 's/.*Failed: *\([0-9]*\), Passed: *\([0-9]*\), Skipped: *\([0-9]*\),.*/\1 \2 \3/p' "$log" |
    awk '{ failed += $1; passed += $2; skipped += $3 } END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped }'
exit $result
