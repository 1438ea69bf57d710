import type { Emulation } from './emulation.ts';
import type { EmulationSpec, LinkEmulationSpec } from './overlay.ts';

/** What a file says of a link's emulation for the packets that one member sends; null when that is nothing. */
export function emulationOf(spec: LinkEmulationSpec | undefined, sender: string): Emulation | null {
  if (spec === undefined) return null;
  const { from, ...both } = spec;
  const emulation = readEmulation({ ...both, ...new Map(Object.entries(from ?? {})).get(sender) });
  return Object.values(emulation).some((value) => value > 0) ? emulation : null;
}

export function readEmulation({ delay, jitter, loss, rate }: EmulationSpec): Emulation {
  return {
    delayUs: read(delay, US),
    jitterUs: read(jitter, US),
    lossPpm: read(loss, PPM),
    rateBps: read(rate, BPS),
  };
}

const US = { us: 1, ms: 1e3, s: 1e6, m: 6e7 } as const;
const PPM = { '%': 1e4 } as const;
const BPS = { bit: 1, kbit: 1e3, mbit: 1e6, gbit: 1e9 } as const;

/** The schema has seen to the form: a number, then one of the units. */
function read(text: string | undefined, units: Readonly<Record<string, number>>): number {
  const [, amount = '0', unit = ''] = /^([0-9.]+)(.+)$/.exec(text ?? '') ?? [];
  return Math.round(Number(amount) * (units[unit] ?? 0));
}
