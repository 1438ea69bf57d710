import { type Protection, REQID_BASE, type SecurityKey } from '../model/security.ts';
import { VinetError } from '../model/vinet-error.ts';
import { segmentPairName } from './tunnel-list.ts';
import type { KeyedFabric, Path } from './tunnel-states.ts';

/** IPsec of the end at `here` of a tunnel between two sites. `name` is the one that has the tunnel's number. */
export function protect(
  { wiring, keyring }: KeyedFabric,
  name: string,
  here: string,
  far: { readonly site: string; readonly address: string; readonly local: string },
): Protection {
  const cipher = wiring.overlay.spec.links?.ipsec?.cipher;
  if (keyring === null || cipher === undefined)
    throw new VinetError('missing-secrets', `tunnel ${name} has no keys`);
  const number = wiring.numberOf(name);
  const keys = (from: string, to: string): SecurityKey[] =>
    keyring
      .espKeys(name, cipher, from, to)
      .map(({ generation, key }) => ({ spi: spiOf(number, generation), key }));
  return {
    local: far.local,
    remote: far.address,
    reqid: REQID_BASE + number,
    cipher,
    inbound: keys(far.site, here),
    outbound: keys(here, far.site),
    sending: spiOf(number, keyring.sending),
  };
}

/** A protection for each other site, with numbers and keys that no two pairs share. */
export function protectSegment(fabric: KeyedFabric, segment: string, here: string, path: Path): Protection[] {
  return path.remotes.map((far) =>
    protect(fabric, segmentPairName(segment, here, far.site), here, { ...far, local: path.local }),
  );
}

/** Numbers have 24 bits. Values below 256 are reserved (RFC 4303, section 2.1), and people use low ones by hand. */
const SPI_BASE = 0x1000_0000;
const GENERATIONS = 16;

/** One for each tunnel and generation: no receiver has two associations with the same. */
function spiOf(number: number, generation: number): number {
  return SPI_BASE + number * GENERATIONS + (generation % GENERATIONS);
}
