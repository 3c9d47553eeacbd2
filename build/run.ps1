# Builds and runs the airline-passengers sample; arguments are passed on to it (for example: build/run.ps1 --out charts).
$sample = Join-Path $PSScriptRoot '../samples/AirlinePassengers'
Write-Host 'Restoring packages and building ...'
$log = & dotnet build $sample -c Release --nologo -v q '-clp:NoSummary'
if ($LASTEXITCODE -ne 0) {
    $log | Write-Host
    Write-Host 'The build failed.'
    exit 1
}

# Where it was called from, since the sample writes its files there and arguments may name others.
& dotnet run --project $sample -c Release --no-build -- @args
exit $LASTEXITCODE
