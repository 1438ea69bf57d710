import type { Emulation } from '../../model/emulation.ts';
import type { KERNEL_FEATURES } from '../../model/node.ts';
import type { TunnelState } from '../../model/node-state.ts';
import { type Cipher, REQID_BASE } from '../../model/security.ts';
import type { GueTunnel } from '../../model/tunnel.ts';
import type { Namespace } from './kernel.ts';

type Feature = (typeof KERNEL_FEATURES)[number];

/**
 * Those of `KERNEL_FEATURES` that this kernel has, found by doing with each what overlays will do with it.
 * @param namespace one that is thrown away afterwards
 */
export async function probeFeatures(namespace: Namespace): Promise<string[]> {
  const found: string[] = [];
  for (const [feature, attempt] of Object.entries(ATTEMPTS))
    if (await attempt(namespace)) found.push(feature);
  return found;
}

/** Kernel modules of those features that no kernel loads by itself when they are asked for. */
export const MODULES_OF_FEATURES = ['fou', 'fou6'] as const;

/** Each resolves with whether it succeeded. */
const ATTEMPTS: Readonly<Record<Feature, (namespace: Namespace) => Promise<boolean>>> = {
  netem: (namespace) => emulate(namespace, { delayUs: 1000, jitterUs: 0, lossPpm: 0, rateBps: 0 }),
  tbf: (namespace) => emulate(namespace, { delayUs: 0, jitterUs: 0, lossPpm: 0, rateBps: 1_000_000 }),
  gue: (namespace) => encapsulate(namespace, 4, '127.0.0.1', '192.0.2.1'),
  gue6: (namespace) => encapsulate(namespace, 6, '::1', '2001:db8::1'),
  nftables: (namespace) =>
    namespace.writeFilter({ accept: [] }).then(
      () => true,
      () => false,
    ),
  'esp-aes-gcm': (namespace) => secure(namespace, 'aes-gcm', 20),
  'esp-chacha20-poly1305': (namespace) => secure(namespace, 'chacha20-poly1305', 36),
};

async function emulate(namespace: Namespace, emulation: Emulation): Promise<boolean> {
  return succeeded(await namespace.program([{ step: 'set-emulation', index: LOOPBACK_INDEX, emulation }]));
}

async function encapsulate(
  namespace: Namespace,
  family: 4 | 6,
  local: string,
  remote: string,
): Promise<boolean> {
  const tunnel: GueTunnel = { kind: 'gue', key: 1, port: PORT, local, remote };
  const ports = await namespace.programTransport([{ step: 'add-gue-port', guePort: { family, port: PORT } }]);
  const links = await namespace.program([
    {
      step: 'create',
      link: tunnelState(tunnel, family),
      into: namespace,
      index: FIRST_INDEX + family,
      peer: null,
    },
  ]);
  return succeeded([...ports, ...links]);
}

async function secure(namespace: Namespace, cipher: Cipher, keyBytes: number): Promise<boolean> {
  const association = {
    ...{ spi: 0x1000, key: '00'.repeat(keyBytes), reqid: REQID_BASE + 1, cipher },
    ...{ source: '192.0.2.1', destination: '192.0.2.2' },
  };
  return succeeded([
    ...(await namespace.programTransport([{ step: 'add-association', association }])),
    ...(await namespace.programTransport([{ step: 'remove-association', association }])),
  ]);
}

function tunnelState(tunnel: GueTunnel, family: 4 | 6): TunnelState {
  return {
    ...{
      kind: 'tunnel',
      name: `probe${family}`,
      link: 'probe',
      mtu: 1400,
      addresses: [],
      master: null,
    },
    ...{ enabled: true, emulation: null, transport: null, tunnel, protections: [] },
  };
}

function succeeded(results: readonly (Error | null)[]): boolean {
  return results.every((error) => error === null);
}

const LOOPBACK_INDEX = 1;
const PORT = 32_767;

/** Clear of those that the kernel gives out by itself: a new namespace may have fallback devices. */
const FIRST_INDEX = 1000;
