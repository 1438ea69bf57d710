import { createServer, type Server } from 'node:http';
import { errorText, VinetError } from '../model/vinet-error.ts';

/** Serves Prometheus' text format at `/metrics` of `HOST:PORT`, and nothing else. */
export async function startMetricsServer(
  listen: string,
  collect: () => Promise<string>,
): Promise<{ address: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.method !== 'GET' || request.url?.split('?')[0] !== '/metrics') {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('the metrics are at /metrics\n');
      return;
    }
    collect().then(
      (text) => response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end(text),
      (error: unknown) =>
        response.writeHead(500, { 'content-type': 'text/plain' }).end(`${errorText(error)}\n`),
    );
  });
  await listenOn(server, listen);
  return {
    address: listen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function listenOn(server: Server, listen: string): Promise<void> {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new VinetError('listen-failed', `cannot serve metrics at ${listen}: ${error.message}`, {
          cause: error,
        }),
      ),
    );
    server.listen(Number(listen.slice(at + 1)), host, resolve);
  });
}
