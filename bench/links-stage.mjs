/**
 * Links: what goes through each encapsulation in one and two layers, beside the same devices made by hand and a plain
 * veth pair; and how long 1,000 more links take.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { BY_HAND, buildByHand, removeByHand } from './by-hand.mjs';
import { median, run } from './machine.mjs';

const VINET = new URL('../bin/vinet', import.meta.url).pathname;
const LAB = 'vb-lab';
const OVERLAY = 'vb-links';
const SECONDS = 3;
const TURNS = 3;
const LINK_COUNTS = [250, 500, 1000];

/** @returns `{ traffic, growth }`, lists of figures by line; `tell` says what is being done */
export async function measureLinks(folder, tell) {
  const lab = await openLab(folder);
  try {
    return { traffic: await measureTraffic(lab, tell), growth: await measureGrowth(lab, tell) };
  } finally {
    await removeByHand(lab.nodes);
    await lab.vinet('lab', 'down');
  }
}

async function openLab(folder) {
  const env = { VINET_LAB_NAME: LAB, VINET_LAB_DIR: join(folder, 'lab') };
  const vinet = (...argv) => run(VINET, argv, { env, timeoutS: 600, cleaning: argv[1] === 'down' });
  await vinet('lab', 'up', '--nodes', '2');
  const nodes = ['n1', 'n2'].map((name, at) => ({
    name,
    namespace: `${LAB}-${name}`,
    address: `198.18.0.${at + 1}`,
  }));
  return { vinet, nodes, folder };
}

async function measureTraffic(lab, tell) {
  const lines = [await measureVeth(tell)];
  for (const encapsulation of BY_HAND) {
    for (const layers of [1, 2]) {
      const name = `${encapsulation}, ${layers} ${layers === 1 ? 'layer' : 'layers'}`;
      tell(name);
      lines.push({ name, ...(await compare(lab, encapsulation, layers)) });
    }
  }
  return lines;
}

/** Both take turns, so that a slow moment of the machine meets both. */
async function compare(lab, encapsulation, layers) {
  const taken = { vinet: [], hand: [] };
  for (let turn = 0; turn < TURNS; turn++) {
    const applied = await applyOrRefuse(lab, linkFile(encapsulation, layers, 1));
    if (applied !== null) return { refused: applied };
    const link = await findLink();
    taken.vinet.push(await sendThrough(link));
    await lab.vinet('delete', 'overlay', OVERLAY, '--wait');
    try {
      taken.hand.push(await sendThrough(await buildByHand(encapsulation, layers, lab.nodes, link.mtu)));
    } finally {
      await removeByHand(lab.nodes);
    }
  }
  return { vinet: medians(taken.vinet), hand: medians(taken.hand) };
}

async function measureVeth(tell) {
  tell('a plain veth pair');
  const commands = [
    'netns add vb_a',
    'netns add vb_b',
    '-n vb_a link add far type veth peer name far netns vb_b',
    ...['a 0', 'b 1'].flatMap((end) => {
      const [letter, number] = end.split(' ');
      return [`-n vb_${letter} addr add 10.99.0.${number}/31 dev far`, `-n vb_${letter} link set far up`];
    }),
  ];
  try {
    for (const command of commands) await run('ip', command.split(' '));
    const taken = [];
    for (let turn = 0; turn < TURNS; turn++)
      taken.push(await sendThrough({ from: 'vb_a', to: 'vb_b', address: '10.99.0.1' }));
    return { name: 'veth alone', hand: medians(taken) };
  } finally {
    await removeByHand([]);
  }
}

/** Null when it was deployed; else why not. */
async function applyOrRefuse(lab, text) {
  const file = join(lab.folder, 'links.yaml');
  writeFileSync(file, text);
  try {
    await lab.vinet('apply', '-f', file, '--wait');
    return null;
  } catch (error) {
    const [, lacking] = /lacks (\S+),/.exec(error.message) ?? [];
    if (lacking === undefined) throw error;
    return `this kernel lacks ${lacking}`;
  }
}

async function findLink() {
  const [from, to] = [`${OVERLAY}_r1`, `${OVERLAY}_r2`];
  const { stdout } = await run('ip', ['-n', to, '-json', '-4', 'addr', 'show', 'dev', 'r1']);
  const [{ mtu, addr_info }] = JSON.parse(stdout);
  return { from, to, mtu, address: addr_info[0].local };
}

/** Gbit/s of one TCP connection, and thousands of UDP packets a second with 64 bytes in each. */
async function sendThrough({ from, to, address }) {
  const tcp = await iperf(from, to, address, []);
  const udp = await iperf(from, to, address, ['-u', '-b', '0', '-l', '64']);
  const { packets, lost_packets: lost, seconds } = udp.end.sum;
  return {
    gigabits: tcp.end.sum_received.bits_per_second / 1e9,
    kilopackets: (packets - lost) / seconds / 1000,
  };
}

async function iperf(from, to, address, more) {
  // In the background by itself, for one connection; a moment passes until it listens.
  await run('ip', ['netns', 'exec', to, 'iperf3', '-s', '-1', '-D', '-B', address]);
  const argv = ['netns', 'exec', from, 'iperf3', '-c', address, '-t', String(SECONDS), '-J', ...more];
  for (let attempt = 0; ; attempt++) {
    const answer = await run('ip', argv, { timeoutS: SECONDS + 20 }).then(
      ({ stdout }) => JSON.parse(stdout),
      ({ message }) => ({ error: message }),
    );
    if (answer.error === undefined) return answer;
    if (attempt === 20) throw new Error(answer.error);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** To routers that run already: parallel links between two of them, beside `ip -batch` doing the same. */
async function measureGrowth(lab, tell) {
  const lines = [];
  for (const count of LINK_COUNTS) {
    tell(`${count} more links`);
    await applyOrRefuse(lab, linkFile('vxlan', 1, 1));
    const file = join(lab.folder, 'more.yaml');
    writeFileSync(file, linkFile('vxlan', 1, count + 1));
    const { seconds: vinet } = await lab.vinet('apply', '-f', file, '--wait', '--timeout', '580s');
    await checkLinks(count + 1);
    await lab.vinet('delete', 'overlay', OVERLAY, '--wait');
    lines.push({ count, vinet, batch: await growByBatch(lab, count) });
  }
  return lines;
}

async function growByBatch(lab, count) {
  const names = ['vb_a', 'vb_b'];
  const lines = [0, 1].map((side) =>
    Array.from({ length: count }, (_, at) => {
      const { namespace, address } = lab.nodes[side];
      const remote = lab.nodes[1 - side].address;
      const type = `type vxlan id ${500_000 + at} local ${address} remote ${remote} dstport 4789 nolearning ttl 64`;
      return { namespace, add: `link add l${at} netns ${names[side]} ${type}`, at, side };
    }),
  );
  try {
    for (const name of names) await run('ip', ['netns', 'add', name]);
    let seconds = 0;
    for (const side of [0, 1]) {
      const adds = join(lab.folder, 'adds');
      const settings = join(lab.folder, 'settings');
      writeFileSync(adds, `${lines[side].map(({ add }) => add).join('\n')}\n`);
      writeFileSync(
        settings,
        `${lines[side].flatMap(({ at }) => [`addr add ${addressAt(at, side)}/31 dev l${at}`, `link set l${at} mtu 1450 up`]).join('\n')}\n`,
      );
      seconds += (await run('ip', ['-n', lab.nodes[side].namespace, '-batch', adds])).seconds;
      seconds += (await run('ip', ['-n', names[side], '-batch', settings])).seconds;
    }
    return seconds;
  } finally {
    await removeByHand([]);
  }
}

function addressAt(at, side) {
  const number = at * 2 + side;
  return `10.98.${number >> 8}.${number & 255}`;
}

/** Who is fast because something is missing has not won. */
async function checkLinks(count) {
  const { stdout } = await run('ip', ['-n', `${OVERLAY}_r1`, '-json', '-4', 'addr']);
  const up = JSON.parse(stdout).filter(({ ifname, flags }) => ifname !== 'lo' && flags.includes('UP'));
  if (up.length !== count) throw new Error(`${up.length} of ${count} links are up`);
}

function linkFile(encapsulation, layers, count) {
  return `apiVersion: vinet/v1
kind: Overlay
metadata: { name: ${OVERLAY} }
spec:
  topology:
    kind: custom
    routers: [r1, r2]
    links: [${Array(count).fill('[r1, r2]').join(', ')}]
  placement: { nodes: [n1, n2] }
  links: { encapsulation: ${encapsulation}, layers: ${layers} }
  routing: { protocol: none }
`;
}

function medians(results) {
  return Object.fromEntries(
    Object.keys(results[0]).map((key) => [key, median(results.map((result) => result[key]))]),
  );
}
