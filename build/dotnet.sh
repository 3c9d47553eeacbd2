# Read by run.sh and test.sh: sees that there is a .NET SDK, and has build, which builds a project or solution and shows only what went wrong.

if ! command -v dotnet > /dev/null 2>&1; then
    echo "The command 'dotnet' was not found: install the .NET 10 SDK, then run this again."
    exit 1
fi
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

log=$(mktemp)
trap 'rm -f "$log"' EXIT

build() {
    echo "Restoring packages and building ..."
    if ! dotnet build "$1" -c Release --nologo -v q -clp:NoSummary > "$log" 2>&1; then
        cat "$log"
        echo "The build failed."
        exit 1
    fi
}
