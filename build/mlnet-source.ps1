# Read by test.ps1 and run.ps1. Find-MlNetSource finds out which ML.NET can be had here, remembers it in build/MlNetSource.props (which git
# ignores), so that plain dotnet build and dotnet test use it too, and returns it.

function Find-MlNetSource {
    if (-not (Get-Command dotnet -ErrorAction SilentlyContinue)) {
        Write-Host "The command 'dotnet' was not found: install the .NET 10 SDK, then run this again."
        exit 1
    }
    $env:DOTNET_NOLOGO = '1'
    $env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'

    $source = $env:MlNetSource
    Remove-Item Env:MlNetSource -ErrorAction SilentlyContinue
    $why = ', because MlNetSource says so'
    if (-not $source) {
        $why = ''
        $restored = & dotnet restore build/probe "-p:MlNetSource=package" -v q
        $source = if ($LASTEXITCODE -eq 0) { 'package' } else { 'standin' }
        # NU1101 and NU1102: the feeds answered, and do not have it. Anything else the user should see.
        if ($source -eq 'standin' -and -not ($restored -match 'NU1101|NU1102')) {
            $why = ", because restoring Microsoft.ML failed: $($restored -match 'error' | Select-Object -First 1)"
        }
        $text = "<Project>`n  <PropertyGroup>`n    <MlNetSource>$source</MlNetSource>`n  </PropertyGroup>`n</Project>`n"
        [System.IO.File]::WriteAllText((Join-Path (Get-Location).Path 'build/MlNetSource.props'), $text)
    }
    switch ($source) {
        'package' { Write-Host "Using ML.NET from its NuGet package$why." }
        'standin' {
            if (-not $why) { $why = ', because the Microsoft.ML package cannot be downloaded here' }
            Write-Host "Using this repository's stand-in for ML.NET (build/mlnet)$why."
        }
        default { Write-Host "MlNetSource is '$source'; it can be 'package' or 'standin'."; exit 1 }
    }
    return $source
}
