import { setTimeout as delay } from 'node:timers/promises';
import type { DaemonName } from '../../model/routing-state.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { parseJsonAnswer } from './json-answer.ts';
import type { DaemonChannel } from './northbound/daemon-channel.ts';

/** The VRFs that a daemon serves: namespaces besides its own, or devices of its own. */
export interface VrfSet {
  /** What the daemon finds in place of /run/netns; null where VRFs are devices. */
  readonly folder: string | null;
  readonly names: readonly string[];
}

const LOOK_MS = 10;

/**
 * Resolves once the daemon knows all of these VRFs. zebra finds them in the folder and tells the
 * others; what is said about one that a daemon does not know yet lands in the default VRF without a word.
 * Fails with `no-vrf`.
 */
export async function awaitVrfs(
  channel: DaemonChannel,
  daemon: DaemonName,
  names: readonly string[],
  deadlineMs: number,
): Promise<void> {
  const until = performance.now() + deadlineMs;
  for (;;) {
    const known = await knownVrfs(channel, daemon, deadlineMs);
    const missing = names.filter((name) => !known.has(name));
    if (missing.length === 0) return;
    if (performance.now() > until) throw new VinetError('no-vrf', `${daemon} does not know ${list(missing)}`);
    await delay(LOOK_MS);
  }
}

/** Resolves once zebra has let go of a VRF; it overlooks what happens to others meanwhile. Fails with `no-vrf`. */
export async function awaitVrfGone(channel: DaemonChannel, name: string, deadlineMs: number): Promise<void> {
  const until = performance.now() + deadlineMs;
  while ((await knownVrfs(channel, 'zebra', deadlineMs)).has(name)) {
    if (performance.now() > until) throw new VinetError('no-vrf', `zebra does not let go of VRF ${name}`);
    await delay(LOOK_MS);
  }
}

/**
 * The VRFs that a daemon may use now. zebra has a table of them. All others have them in YANG (RFC 8342, 5.3; module
 * frr-vrf), where zebra would list every route of each VRF with it.
 */
async function knownVrfs(
  channel: DaemonChannel,
  daemon: DaemonName,
  timeoutMs: number,
): Promise<ReadonlySet<string>> {
  if (daemon === 'zebra') {
    const { text } = await channel.ask('show vrf', timeoutMs);
    return new Set([...text.matchAll(/^vrf (\S+) id \d+ /gm)].flatMap(([, name]) => name ?? []));
  }
  const answer = parseJsonAnswer(await channel.readState('/frr-vrf:lib', timeoutMs)) as VrfModule | null;
  const vrfs = answer?.['frr-vrf:lib']?.vrf ?? [];
  const isThere = (id: number | undefined) => id !== undefined && id !== VRF_UNKNOWN;
  return new Set(vrfs.flatMap(({ name, state }) => (name !== undefined && isThere(state?.id) ? [name] : [])));
}

/** FRR's number for a VRF of which only the name is known. Its word `active` is false for any that is configured. */
const VRF_UNKNOWN = 0xffffffff;

interface VrfModule {
  readonly 'frr-vrf:lib'?: {
    readonly vrf?: readonly { readonly name?: string; readonly state?: { readonly id?: number } }[];
  };
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `VRFs ${shown} and ${names.length - 3} more` : `VRF ${shown}`;
}
