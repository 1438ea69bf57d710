import { VinetError } from '../model/vinet-error.ts';

/** Where a controller's REST API answers. */
export type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly secure: boolean; readonly host: string; readonly port: number };

export const DEFAULT_PORT = 9340;

/** Reads `unix:/path`, `http://host:port`, `https://host:port` or `host:port`. Fails with `bad-address`. */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    if (!path.startsWith('/') || path.includes('\0')) throw badAddress(text);
    return { kind: 'unix', path };
  }
  const full = text.includes('://') ? text : `http://${text}`;
  if (!URL.canParse(full)) throw badAddress(text);
  const url = new URL(full);
  const plain = url.pathname === '/' && url.search === '' && url.username === '' && url.password === '';
  if (!plain || (url.protocol !== 'http:' && url.protocol !== 'https:') || url.hostname === '') {
    throw badAddress(text);
  }
  return {
    kind: 'tcp',
    secure: url.protocol === 'https:',
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? portWithoutNumber(text, url.protocol) : Number(url.port),
  };
}

/** `http://host:80` and `http://host` look alike once parsed, but only the second means our own port. */
function portWithoutNumber(text: string, protocol: string): number {
  if (/:80\/?$/.test(text) && protocol === 'http:') return 80;
  if (/:443\/?$/.test(text) && protocol === 'https:') return 443;
  return DEFAULT_PORT;
}

function badAddress(text: string): VinetError {
  return new VinetError(
    'bad-address',
    `"${text}" is not the address of a controller: write http://HOST:PORT, https://HOST:PORT or unix:/PATH`,
  );
}
