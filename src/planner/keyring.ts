import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import type { Cipher } from '../model/security.ts';
import type { WireguardKeys } from './encapsulations/encapsulation.ts';
import type { OverlaySecrets } from './overlay-secrets.ts';

/** All keys of an overlay, each computed from its secrets by HKDF (RFC 5869) and nothing else. */
export interface Keyring {
  /** Those of the end at `here` of a tunnel to `there`. */
  wireguardKeys(tunnel: string, here: string, there: string): WireguardKeys;
  /** ESP keys with their generations, oldest first, for what is sent from one site to another. */
  espKeys(tunnel: string, cipher: Cipher, from: string, to: string): { generation: number; key: string }[];
  readonly sending: number;
}

export function openKeyring(overlay: string, secrets: OverlaySecrets): Keyring {
  const { identity, generations, sending } = secrets;
  const privateKey = (tunnel: string, site: string) =>
    clamp(derive(identity, X25519_BYTES, ['wireguard', overlay, tunnel, site]));
  const newest = generations.find(({ number }) => number === sending);
  return {
    sending,
    wireguardKeys(tunnel, here, there) {
      const purpose = ['wireguard-preshared', overlay, tunnel];
      return {
        privateKey: privateKey(tunnel, here).toString('base64'),
        peerPublicKey: publicKeyOf(privateKey(tunnel, there)).toString('base64'),
        presharedKey: derive(newest?.secret ?? identity, PRESHARED_BYTES, purpose).toString('base64'),
      };
    },
    espKeys: (tunnel, cipher, from, to) =>
      generations.map(({ number, secret }) => ({
        generation: number,
        key: derive(secret, KEY_BYTES[cipher], ['esp', cipher, overlay, tunnel, from, to]).toString('hex'),
      })),
  };
}

const X25519_BYTES = 32;
const PRESHARED_BYTES = 32;
/** With the salt of 4 bytes: RFC 4106, section 8.1, and RFC 7634, section 2. */
const KEY_BYTES: Readonly<Record<Cipher, number>> = { 'aes-gcm': 20, 'chacha20-poly1305': 36 };

/** The purpose is written as JSON, so that no two purposes read the same. */
function derive(secret: string, bytes: number, purpose: readonly string[]): Buffer {
  const info = JSON.stringify(['vinet/v1', ...purpose]);
  return Buffer.from(hkdfSync('sha256', Buffer.from(secret, 'hex'), '', info, bytes));
}

/** RFC 7748, section 5. The kernel does it too, and would answer with another key than it was given. */
function clamp(key: Buffer): Buffer {
  key.writeUInt8(key.readUInt8(0) & 0xf8, 0);
  key.writeUInt8((key.readUInt8(31) & 0x7f) | 0x40, 31);
  return key;
}

/** RFC 8410: a bare key of 32 bytes inside PKCS #8. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

function publicKeyOf(privateKey: Buffer): Buffer {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, privateKey]),
    format: 'der',
    type: 'pkcs8',
  });
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-X25519_BYTES);
}
