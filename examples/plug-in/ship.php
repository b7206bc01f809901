<?php
// The shop's own server of the example: php -S 127.0.0.1:8000 ship.php
// In your shop this belongs behind the login of who packs the parcels.
declare(strict_types=1);

require __DIR__ . '/parcelveil.php';

const PAGES = [
    '/' => ['page.html', 'text/html; charset=utf-8'],
    '/page.js' => ['page.js', 'text/javascript'],
    '/page.css' => ['page.css', 'text/css'],
];
const DEEDS = ['GET' => ['state', 'label'], 'POST' => ['make', 'cancel']];
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; frame-ancestors 'none'";

/** The shop's orders by their ids; yours are in your database. */
function orders(): array
{
    $found = [];
    foreach (glob(__DIR__ . '/orders/*.json') as $file) {
        $order = json_decode(file_get_contents($file), true, 32, JSON_THROW_ON_ERROR);
        $found[$order['order']['id']] = $order;
    }
    return $found;
}

/** What is answered: [status, media type, content]. */
function answer(string $method, string $path, string $do, string $id): array
{
    if (isset(PAGES[$path]) && $method === 'GET') {
        return [200, PAGES[$path][1], file_get_contents(__DIR__ . '/' . PAGES[$path][0])];
    }
    if ($do === 'orders' && $method === 'GET') {
        $row = fn (array $one): array => [
            'id' => $one['order']['id'], 'name' => $one['order']['name'], 'to' => $one['recipient']['name'],
        ];
        return [200, 'application/json', json_encode(array_values(array_map($row, orders())), JSON_THROW_ON_ERROR)];
    }
    if ($method === 'POST' && ($_SERVER['HTTP_X_PLUG_IN'] ?? '') !== 'page') {
        return problem(403, 'not-our-page', 'This was not asked by the page of this shop.');
    }
    $order = orders()[$id] ?? null;
    if ($path !== '/ship' || $order === null || !in_array($do, DEEDS[$method] ?? [], true)) {
        return problem(404, 'not-found', 'There is nothing here.');
    }
    return $do($order);
}

$path = (string) parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
[$do, $id] = [$_GET['do'] ?? '', $_GET['order'] ?? ''];
[$status, $media, $content] = is_string($do) && is_string($id)
    ? answer($_SERVER['REQUEST_METHOD'], $path, $do, $id)
    : problem(404, 'not-found', 'There is nothing here.');
http_response_code($status);
header("Content-Type: $media");
header('Cache-Control: no-store');
header('X-Content-Type-Options: nosniff');
if ($media !== 'application/pdf') {
    header('Content-Security-Policy: ' . POLICY);
}
echo $content;
