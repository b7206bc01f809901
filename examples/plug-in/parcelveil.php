<?php
// What to paste: calls to Parcelveil with PHP's curl extension (PHP 8.1 or newer). The token stays on this server.
declare(strict_types=1);

/** One call; [status, media type, content]. No redirect is followed. */
function parcelveil(string $method, string $path, ?array $body = null, array $headers = []): array
{
    $headers[] = 'Authorization: Bearer ' . getenv('PARCELVEIL_TOKEN');
    $shop = rawurlencode((string) getenv('PARCELVEIL_SHOP'));
    $curl = curl_init(getenv('PARCELVEIL_URL') . "/v1/shops/$shop/shipments$path");
    if ($body !== null) {
        $headers[] = 'Content-Type: application/json';
        curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($body, JSON_THROW_ON_ERROR | JSON_PRESERVE_ZERO_FRACTION));
    }
    curl_setopt_array($curl, [
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_CONNECTTIMEOUT => 5,
        CURLOPT_TIMEOUT => 40,
        CURLOPT_PROXY => '',
    ]);
    $content = curl_exec($curl);
    if ($content === false) {
        return problem(503, 'not-reached', 'Parcelveil cannot be reached: try again.');
    }
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), (string) curl_getinfo($curl, CURLINFO_CONTENT_TYPE), $content];
}

/** In the form of RFC 9457, as Parcelveil's own. */
function problem(int $status, string $code, string $title): array
{
    $told = ['type' => "urn:problem:$code", 'title' => $title, 'status' => $status];
    return [$status, 'application/problem+json', json_encode($told)];
}

/** Ask for a shipment. The key is the same as long as the order is: a second click makes no second parcel. */
function make(array $order): array
{
    $key = "order-{$order['order']['id']}-{$order['order']['updated_at']}";
    return parcelveil('POST', '', $order, ["Idempotency-Key: \"$key\"", 'Prefer: wait=10']);
}

/** Where its shipment is; 404 if there is none. */
function state(array $order): array
{
    return parcelveil('GET', '?order=' . rawurlencode($order['order']['id']));
}

/** The label, from Parcelveil to the browser; kept nowhere. */
function label(array $order): array
{
    return of_its_shipment('GET', $order, '/label');
}

/** Cancel its shipment, and with it the order, for good. */
function cancel(array $order): array
{
    return of_its_shipment('DELETE', $order, '');
}

/** A call for the shipment that stands for an order. */
function of_its_shipment(string $method, array $order, string $rest): array
{
    $found = state($order);
    if ($found[0] !== 200) {
        return $found;
    }
    $id = json_decode($found[2], true, 32, JSON_THROW_ON_ERROR)['id'];
    return parcelveil($method, '/' . rawurlencode($id) . $rest, null, ['Prefer: wait=10']);
}
