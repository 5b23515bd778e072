<?php
// Reports usage to the sidecar: php report.php <dimension> <quantity>. Needs PHP 8 and no extension.

const ATTEMPTS = 9;

/** Returns once the usage is on the sidecar's disk. */
function report(string $dimension, float $quantity): void
{
    // One key for each report. The sidecar counts it once, however often the request is repeated.
    $key = bin2hex(random_bytes(16));
    $body = json_encode(['dimension' => $dimension, 'quantity' => $quantity, 'idempotencyKey' => $key]);
    for ($attempt = 1; ; $attempt++) {
        [$status, $detail, $wait] = post($body);
        if ($status === 200) {
            return;
        }
        $isPassing = in_array($status, [0, 408, 429], true) || $status >= 500;
        // 400 is final: the same report would be refused again.
        if (!$isPassing || $attempt === ATTEMPTS) {
            throw new RuntimeException("the usage was not acknowledged: $detail");
        }
        usleep((int) (1e6 * ($wait ?? min(10, 0.2 * 2 ** $attempt))));
    }
}

/** @return array{int, string, ?float} */
function post(string $body): array
{
    $url = (getenv('SIDECAR_URL') ?: 'http://localhost:7070') . '/v1/usage';
    $http = [
        'method' => 'POST',
        'header' => 'Content-Type: application/json',
        'content' => $body,
        'timeout' => 10,
        'ignore_errors' => true,
    ];
    $stream = @fopen($url, 'r', false, stream_context_create(['http' => $http]));
    $headers = $stream ? stream_get_meta_data($stream)['wrapper_data'] : [];
    if (!preg_match('~^HTTP/\S+ (\d+)~', $headers[0] ?? '', $found)) {
        return [0, error_get_last()['message'] ?? 'no answer', null];
    }
    $waits = preg_filter('~^Retry-After: (\d+)$~i', '$1', $headers);
    return [(int) $found[1], (string) stream_get_contents($stream), $waits ? (float) end($waits) : null];
}

try {
    report($argv[1], (float) $argv[2]);
} catch (RuntimeException $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
