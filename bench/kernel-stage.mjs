/** Kernel objects only: namespaces, veth pairs, addresses, all up. vinet's kernel port, `ip -batch`, Mininet. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { run } from './machine.mjs';
import { addressLines, linkAddressOf, linkLines, loopbackOf, removalLines, ring } from './topology-batch.mjs';

export const PREFIX = 'vb_r';
const FIRST_INDEX = 10_000;

/**
 * Through the port that the agent programs the kernel with, in a process that runs already, as an agent does.
 * @returns seconds: `links` until namespaces and veth pairs are there, `build` until addresses are and all is up
 */
export async function programWithVinet(count) {
  const { openKernel } = await import('../dist/agent/kernel/open-kernel.js');
  const kernel = await openKernel({ underlay: null });
  const namespaces = [];
  try {
    const begin = performance.now();
    for (let i = 1; i <= count; i++) namespaces.push(await kernel.createNamespace(`${PREFIX}${i}`));
    await program(
      kernel.underlay,
      Array.from({ length: count }, (_, index) => pairStep(index + 1, count, namespaces)),
    );
    const linked = performance.now();
    await Promise.all(
      namespaces.map((namespace, index) => program(namespace, settingSteps(index + 1, count))),
    );
    const built = performance.now();
    await checkRing(count);
    const stopBegin = performance.now();
    for (const namespace of namespaces.splice(0)) {
      namespace.close();
      kernel.deleteNamespace(namespace.name);
    }
    return {
      links: (linked - begin) / 1000,
      build: (built - begin) / 1000,
      stop: (performance.now() - stopBegin) / 1000,
    };
  } finally {
    for (const namespace of namespaces) namespace.close();
    kernel.underlay.close();
  }
}

/** One `ip -batch` for namespaces and links, then one `ip -n NAMESPACE -batch` a router. */
export async function programWithIpBatch(count, folder) {
  writeBatches(ring(count), folder);
  const { seconds: links } = await run('ip', ['-batch', join(folder, 'links')]);
  const script = `for i in $(seq ${count}); do ip -n ${PREFIX}$i -batch ${folder}/addresses.$i || exit 1; done`;
  const { seconds: addresses } = await run('bash', ['-c', script]);
  await checkRing(count);
  const { seconds: stop } = await run('ip', ['-batch', join(folder, 'removal')]);
  return { links, build: links + addresses, stop };
}

/** In a network of its own, since Mininet makes all interfaces in the one that it is started in. */
export async function programWithMininet(count) {
  const script = new URL('mininet_ring.py', import.meta.url).pathname;
  const { stdout } = await run('unshare', ['--net', '/usr/bin/python3', script, String(count)], {
    timeoutS: 600,
  });
  return JSON.parse(stdout);
}

export function writeBatches(topology, folder) {
  const write = (name, lines) => writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  write('links', linkLines(PREFIX, topology));
  write('removal', removalLines(PREFIX, topology));
  for (let i = 1; i <= topology.count; i++) write(`addresses.${i}`, addressLines(i, topology));
}

function pairStep(i, count, namespaces) {
  const j = (i % count) + 1;
  return {
    step: 'create',
    link: vethEnd(`r${j}`, i, count),
    into: namespaces[i - 1],
    index: FIRST_INDEX + 2 * i,
    peer: { link: vethEnd(`r${i}`, i, count), into: namespaces[j - 1], index: FIRST_INDEX + 2 * i + 1 },
  };
}

function vethEnd(name, i, count) {
  const peer = { namespace: '', name: '' };
  return {
    kind: 'veth',
    name,
    link: `r${i}-r${(i % count) + 1}`,
    mtu: 1500,
    addresses: [],
    master: null,
    peer,
  };
}

function settingSteps(i, count) {
  const before = i === 1 ? count : i - 1;
  const own = FIRST_INDEX + 2 * i;
  const peer = FIRST_INDEX + 2 * before + 1;
  return [
    { step: 'add-address', index: 1, address: `${loopbackOf(i)}/32` },
    { step: 'add-address', index: own, address: `${linkAddressOf(i - 1, 1)}/30` },
    { step: 'add-address', index: peer, address: `${linkAddressOf(before - 1, 2)}/30` },
    { step: 'set-up', index: own, up: true },
    { step: 'set-up', index: peer, up: true },
  ];
}

async function program(namespace, steps) {
  const failed = (await namespace.program(steps)).find((error) => error !== null);
  if (failed !== undefined) throw failed;
}

/** Who is fast because something is missing has not won: the last router must have all its addresses and be up. */
async function checkRing(count) {
  const { stdout } = await run('ip', ['-n', `${PREFIX}${count}`, '-j', 'addr']);
  const interfaces = JSON.parse(stdout);
  const up = interfaces.filter(({ flags }) => flags.includes('UP')).map(({ ifname }) => ifname);
  const wanted = ['lo', 'r1', `r${count - 1}`];
  const addresses = interfaces.flatMap(({ addr_info }) => addr_info.map(({ local }) => local));
  if (wanted.some((name) => !up.includes(name)) || !addresses.includes(loopbackOf(count))) {
    throw new Error(`the ring was not built: ${stdout}`);
  }
}
