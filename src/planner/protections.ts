import { type Cipher, type Protection, REQID_BASE, type SecurityKey } from '../model/security.ts';
import { VinetError } from '../model/vinet-error.ts';
import { protectedPairName } from './tunnel-list.ts';
import type { KeyedFabric, Path } from './tunnel-states.ts';

/** IPsec of one site's end of a tunnel: towards each other site, with a number and keys that no other two have. */
export function protect(fabric: KeyedFabric, tunnel: string, here: string, path: Path): Protection[] {
  const { wiring, keyring, sites } = fabric;
  const cipher = wiring.overlay.spec.links?.ipsec?.cipher;
  if (keyring === null || cipher === undefined)
    throw new VinetError('missing-secrets', `tunnel ${tunnel} has no keys`);
  // A member that moves to another node has no counters there: its keys are others.
  const standing = (site: string) => {
    const node = sites.get(site)?.node ?? site;
    return node === site ? site : `${site} on ${node}`;
  };
  return path.remotes.map(({ site: there, address: remote }) => {
    const name = protectedPairName(tunnel, here, there);
    const number = wiring.numberOf(name);
    const keys = (from: string, to: string): SecurityKey[] =>
      keyring
        .espKeys(name, cipher, standing(from), standing(to))
        .map(({ generation, key }) => ({ spi: spiOf(cipher, number, generation), key }));
    return {
      local: path.local,
      remote,
      reqid: REQID_BASE + number,
      cipher,
      inbound: keys(there, here),
      outbound: keys(here, there),
      sending: spiOf(cipher, number, keyring.sending),
    };
  });
}

/** Above what is reserved (RFC 4303, section 2.1) and what people use by hand; numbers have 24 bits. */
const SPI_BASE: Readonly<Record<Cipher, number>> = {
  'aes-gcm': 0x1000_0000,
  'chacha20-poly1305': 0x2000_0000,
};
const GENERATIONS = 16;

/** No receiver has two associations with the same, nor ever another key with the one that it has. */
function spiOf(cipher: Cipher, number: number, generation: number): number {
  return SPI_BASE[cipher] + number * GENERATIONS + generationSlotOf(generation);
}

/** What an SPI says of its key's generation. Of those that live together no two have the same. */
export function generationSlotOf(spiOrGeneration: number): number {
  return spiOrGeneration % GENERATIONS;
}
