# Builds and runs the airline-passengers sample; arguments are passed on to it (for example: build/run.ps1 --threads 1 --json figures.json).
# MlNetSource=package or MlNetSource=standin in the environment says which ML.NET to use; otherwise it is found out.
Push-Location (Join-Path $PSScriptRoot '..')
try {
    . ./build/mlnet-source.ps1
    $source = Find-MlNetSource

    Write-Host 'Building ...'
    $log = & dotnet build samples/AirlinePassengers -c Release --nologo -v q '-clp:NoSummary' "-p:MlNetSource=$source"
    if ($LASTEXITCODE -ne 0) {
        $log | Write-Host
        Write-Host 'The build failed.'
        exit 1
    }
}
finally {
    Pop-Location
}

# Where it was called from, since the sample writes its files there and arguments may name others.
& dotnet run --project (Join-Path $PSScriptRoot '../samples/AirlinePassengers') -c Release --no-build "-p:MlNetSource=$source" -- @args
exit $LASTEXITCODE
