#!/bin/sh
# Builds everything and runs all tests; arguments are passed on to dotnet test (for example: build/test.sh --filter Persistence).
set -u
cd "$(dirname "$0")/.." || exit 1
. build/dotnet.sh

build LstmMl.sln
echo "Testing (some minutes) ..."
dotnet test LstmMl.sln -c Release --no-build --nologo "$@" > "$log" 2>&1
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
