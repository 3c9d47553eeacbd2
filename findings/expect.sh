# Read by the scripts beside it. run_csharp NAME PACKAGE=VERSION... reads a C# program from standard input, runs it with these packages in a temporary
# folder, prints its output and fails unless that is what the variable expected holds.

set -eu
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1

run_csharp() {
    name=$1
    shift
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    {
        echo '<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><OutputType>Exe</OutputType><TargetFramework>net10.0</TargetFramework>'
        echo '<ImplicitUsings>enable</ImplicitUsings><InvariantGlobalization>true</InvariantGlobalization></PropertyGroup><ItemGroup>'
        for package in "$@"; do
            echo "<PackageReference Include=\"${package%=*}\" Version=\"[${package#*=}]\" />"
        done
        echo '</ItemGroup></Project>'
    } > "$folder/$name.csproj"
    cat > "$folder/Program.cs"
    seen=$(dotnet run --project "$folder" -c Release)
    echo "$name ($*):"
    printf '%s\n' "$seen"
    if [ "$seen" = "$expected" ]; then
        echo "As found."
    else
        echo "This has changed. Expected was:"
        printf '%s\n' "$expected"
        exit 1
    fi
}
