# Read by test.sh and run.sh. find_mlnet_source finds out which ML.NET can be had here, remembers it in build/MlNetSource.props (which git
# ignores), so that plain dotnet build and dotnet test use it too, and sets mlnet_arguments for dotnet.

find_mlnet_source() {
    if ! command -v dotnet > /dev/null 2>&1; then
        echo "The command 'dotnet' was not found: install the .NET 10 SDK, then run this again."
        exit 1
    fi
    export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

    source=${MlNetSource:-}
    unset MlNetSource
    why=", because MlNetSource says so"
    if [ -z "$source" ]; then
        why=""
        if restored=$(dotnet restore build/probe -p:MlNetSource=package -v q 2>&1); then
            source=package
        else
            source=standin
            # NU1101 and NU1102: the feeds answered, and do not have it. Anything else the user should see.
            case $restored in
                *NU1101*|*NU1102*) ;;
                *) why=", because restoring Microsoft.ML failed: $(printf '%s\n' "$restored" | grep -m 1 'error')" ;;
            esac
        fi
        printf '<Project>\n  <PropertyGroup>\n    <MlNetSource>%s</MlNetSource>\n  </PropertyGroup>\n</Project>\n' "$source" > build/MlNetSource.props
    fi
    case $source in
        package) echo "Using ML.NET from its NuGet package$why." ;;
        standin) echo "Using this repository's stand-in for ML.NET (build/mlnet)${why:-, because the Microsoft.ML package cannot be downloaded here}." ;;
        *) echo "MlNetSource is '$source'; it can be 'package' or 'standin'."; exit 1 ;;
    esac
    mlnet_arguments="-p:MlNetSource=$source"
}
