# Builds everything and runs all tests; arguments are passed on to dotnet test (for example: build/test.ps1 --filter Persistence).
Push-Location (Join-Path $PSScriptRoot '..')
try {
    Write-Host 'Restoring packages and building ...'
    $log = & dotnet build LstmMl.sln -c Release --nologo -v q '-clp:NoSummary'
    if ($LASTEXITCODE -ne 0) {
        $log | Write-Host
        Write-Host 'The build failed.'
        exit 1
    }

    Write-Host 'Testing (some minutes) ...'
    $log = & dotnet test LstmMl.sln -c Release --no-build --nologo @args
    $result = $LASTEXITCODE
    if ($result -ne 0) { $log | Write-Host } else { $log | Where-Object { $_ -match '^ *Skipped ' } | Write-Host }
    $passed = 0; $failed = 0; $skipped = 0
    foreach ($line in $log) {
        if ($line -match 'Failed: *(\d+), Passed: *(\d+), Skipped: *(\d+),') {
            $failed += [int]$Matches[1]; $passed += [int]$Matches[2]; $skipped += [int]$Matches[3]
        }
    }
    Write-Host "$passed passed, $failed failed, $skipped skipped"
    exit $result
}
finally {
    Pop-Location
}
