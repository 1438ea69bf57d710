import { isIP } from 'node:net';
import { VinetError } from '../../model/vinet-error.ts';

/** Where a server of the controller listens. */
export type ListenAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** `unix:/run/vinet/controller.sock`, `127.0.0.1:9340` or `[::1]:9340`. Fails with `bad-address`. */
export function parseListenAddress(text: string): ListenAddress {
  if (text.startsWith('unix:/')) return { kind: 'unix', path: text.slice('unix:'.length) };
  const [, host = '', port = ''] = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5})$/.exec(text) ?? [];
  if (host === '' || Number(port) > 65535) {
    throw new VinetError(
      'bad-address',
      `cannot listen on ${text}: write unix:/PATH, HOST:PORT or [IPv6]:PORT`,
    );
  }
  return { kind: 'tcp', host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

export function formatListenAddress(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return `${isIP(address.host) === 6 ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Fails with `exposed`: the token would cross a network as plain text. */
export function refuseExposure(
  address: ListenAddress,
  protection: { tls: boolean; insecure: boolean },
): void {
  if (address.kind === 'unix' || protection.tls || protection.insecure || isLoopback(address.host)) return;
  throw new VinetError(
    'exposed',
    `will not listen on ${formatListenAddress(address)} without TLS, for others could read the token: give a certificate and its key, or listen on a loopback address or a Unix socket`,
  );
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
