import { recordOf, recordsOf } from './json-answer.ts';

const TABLES = ['show ip route', 'show ipv6 route'];
const LOOK_MS = 10;
/** Then it is let go of as it is: a zebra that dies of it is started again. */
const LONGEST_MS = 5_000;

/**
 * Resolves once zebra has no route of a VRF in the kernel that a protocol told it of, and nothing on its way to the
 * agent; after a while also otherwise. Fails with what `ask` fails with.
 * @param ask puts a question to zebra
 */
export async function awaitVrfDrained(
  ask: (question: string) => Promise<unknown>,
  name: string,
): Promise<void> {
  const until = performance.now() + LONGEST_MS;
  while (performance.now() < until) {
    const tables = await Promise.all(TABLES.map((table) => ask(`${table} vrf ${name} json`)));
    if (!tables.some(holdsLearnt) && isIdle(await ask('show fpm counters json'))) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** From `{PREFIX: [{protocol: "ospf", installed: true, queued: true}]}`. */
function holdsLearnt(table: unknown): boolean {
  return Object.values(recordOf(table))
    .flatMap((routes) => recordsOf(routes))
    .some(
      ({ protocol, installed, queued }) =>
        (installed === true || queued === true) && !OWN.has(String(protocol)),
    );
}

/** What zebra knows by itself goes without a word to the kernel. */
const OWN: ReadonlySet<string> = new Set(['connected', 'local', 'kernel']);

function isIdle(counters: unknown): boolean {
  return Number(recordOf(counters)['data-plane-contexts-queue'] ?? 0) === 0;
}
