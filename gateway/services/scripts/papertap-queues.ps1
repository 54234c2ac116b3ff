# Keeps the printers of this computer (Windows 10 and 11) equal to what the print gateway shows it: adds what is missing,
# removes what is gone. It asks nothing, and touches only printers that it made itself (they carry a mark as comment).
#
# Run it as SYSTEM or administrator: by group policy, Intune or a scheduled task. Where the gateway wants to know who
# asks, put a token into %ProgramData%\Papertap\queues.token (readable by administrators alone).
#
# Exit status: 0 done; 1 the gateway did not answer, nothing was changed; 2 some printer could not be set.
$ErrorActionPreference = 'Stop'
$Address = @ADDRESS@
$Authority = @AUTHORITY@
$Mark = @MARK@

function Install-Authority {
    if (-not $Authority) { return }
    $octets = [Convert]::FromBase64String($Authority)
    $certificate = New-Object System.Security.Cryptography.X509Certificates.X509Certificate2 -ArgumentList (, $octets)
    $store = New-Object System.Security.Cryptography.X509Certificates.X509Store -ArgumentList 'Root', 'LocalMachine'
    $store.Open('ReadWrite')
    try { $store.Add($certificate) } finally { $store.Close() }
}

function Get-Wanted {
    [Net.ServicePointManager]::SecurityProtocol = [Net.SecurityProtocolType]::Tls12
    $headers = @{ Accept = 'application/json' }
    $file = Join-Path $env:ProgramData 'Papertap\queues.token'
    if (Test-Path -LiteralPath $file) {
        $headers['Authorization'] = 'Bearer ' + (Get-Content -LiteralPath $file -TotalCount 1).Trim()
    }
    $answer = Invoke-RestMethod -Uri $Address -Headers $headers -TimeoutSec 60 -UseBasicParsing
    if ($null -eq $answer.queues) { throw 'The list is not whole.' }
    # Whatever the gateway sends: a name and an address that look like one, or nothing.
    @($answer.queues) | Where-Object {
        $_.name -cmatch '^[a-z0-9][a-z0-9-]{0,62}$' -and
        $_.http_uri -cmatch '^https?://[A-Za-z0-9.:\[\]-]+/ipp/print/[a-z0-9-]+$'
    }
}

function Add-Queue($Queue) {
    $comment = $Mark + ' ' + $Queue.name + ' ' + $Queue.http_uri
    $before = @(Get-Printer | ForEach-Object { $_.Name })
    Add-Printer -IppURL $Queue.http_uri
    $added = @(Get-Printer | Where-Object { $before -notcontains $_.Name })
    if ($added.Count -ne 1) { throw 'Windows added no printer.' }
    Set-Printer -Name $added[0].Name -Comment $comment -Location ([string]$Queue.location)
    # What Windows takes for no part of a printer's name, and the name itself where it is free.
    $shown = (([string]$Queue.info) -replace '[\\,!"]', ' ').Trim()
    if ($shown -and $before -notcontains $shown) { Rename-Printer -Name $added[0].Name -NewName $shown }
}

$failed = 0
try {
    Install-Authority
    $wanted = @(Get-Wanted)
} catch {
    [Console]::Error.WriteLine('papertap-queues: nothing was changed: ' + $_.Exception.Message)
    exit 1
}
$comments = @($wanted | ForEach-Object { $Mark + ' ' + $_.name + ' ' + $_.http_uri })
$own = @(Get-Printer | Where-Object { $_.Comment -and $_.Comment.StartsWith($Mark + ' ') })
foreach ($printer in $own) {
    if ($comments -cnotcontains $printer.Comment) {
        try { Remove-Printer -Name $printer.Name; 'removed ' + $printer.Name } catch { $failed = 2 }
    }
}
$there = @($own | ForEach-Object { $_.Comment })
foreach ($queue in $wanted) {
    if ($there -cnotcontains ($Mark + ' ' + $queue.name + ' ' + $queue.http_uri)) {
        try { Add-Queue $queue; 'added ' + $queue.name } catch { $failed = 2 }
    }
}
exit $failed
