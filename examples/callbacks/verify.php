<?php
// Verify a callback of Parcelveil, with nothing but PHP itself (Standard Webhooks 1.0.0).

/** Whether this body came from Parcelveil. $body: as it arrived, file_get_contents('php://input'). */
function parcelveil_verify(string $body, array $headers, array $secrets, ?int $now = null): bool
{
    $message = $headers['webhook-id'] ?? '';
    $stamp = $headers['webhook-timestamp'] ?? '';
    if ($message === '' || !ctype_digit($stamp) || abs(($now ?? time()) - (int) $stamp) > 300) {
        return false; // what is older than five minutes may have been recorded and sent again
    }
    foreach ($secrets as $secret) { // whsec_…, two while one is being changed
        $key = base64_decode(substr($secret, strlen('whsec_')));
        $wanted = 'v1,' . base64_encode(hash_hmac('sha256', "$message.$stamp.$body", $key, true));
        foreach (explode(' ', $headers['webhook-signature'] ?? '') as $given) {
            if (hash_equals($wanted, $given)) {
                return true;
            }
        }
    }
    return false;
}
