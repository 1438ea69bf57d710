import { afterEach, expect, test, vi } from 'vitest';
import type { Frr } from '../../../src/agent/frr/frr.ts';
import type { Namespace } from '../../../src/agent/kernel/kernel.ts';
import { DAEMONS, type DaemonName } from '../../../src/model/routing-state.ts';
import { diffConfig } from '../../../src/planner/config-diff.ts';
import { restartReason } from '../../../src/planner/config-restart.ts';
import { EXAMPLES } from './example-routing.ts';
import { RouterBench } from './router-bench.ts';
import { runningConfig } from './running-config.ts';

const CHANGED = 'vt_frr-walk';
const FRESH = 'vt_frr-anew';

const bench = new RouterBench();
afterEach(() => bench.clear());

const WALKED = DAEMONS.filter((daemon) => !['zebra', 'staticd'].includes(daemon));

test.each(WALKED)('%s takes every change from one example to the next and back', async (daemon) => {
  const frr = await bench.openFrr();
  const changed = bench.makeNamespace(CHANGED).namespace;
  const fresh = bench.makeNamespace(FRESH).namespace;
  for (const namespace of [changed, fresh]) {
    await frr.start(namespace.name, 'zebra', 'hostname r1\n', namespace);
  }
  const configs = configsOf(frr, daemon);
  let held = 'hostname r1\n';
  await frr.start(CHANGED, daemon, held, changed);
  for (const wanted of [...configs, ...configs.toReversed(), 'hostname r1\n']) {
    await change(frr, daemon, { held, wanted }, changed);
    await frr.start(FRESH, daemon, wanted, fresh);
    // babeld shows what belongs to an interface once it has heard of it.
    await vi.waitFor(
      async () =>
        expect(await runningConfig(CHANGED, daemon), `from\n${held}to\n${wanted}`).toEqual(
          await runningConfig(FRESH, daemon),
        ),
      30_000,
    );
    held = wanted;
  }
});

async function change(
  frr: Frr,
  daemon: DaemonName,
  { held, wanted }: { held: string; wanted: string },
  namespace: Namespace,
): Promise<void> {
  if (restartReason(daemon, held, wanted) !== '') await frr.start(CHANGED, daemon, wanted, namespace);
  else await frr.configure(CHANGED, daemon, diffConfig(held, wanted), wanted);
}

function configsOf(frr: Frr, daemon: DaemonName): string[] {
  return Object.values(EXAMPLES).flatMap((routing) => {
    const config = frr.render(routing).get(daemon);
    return config === undefined ? [] : [config];
  });
}
