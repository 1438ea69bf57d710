/** A link between two routers on two nodes of a lab, as a person makes it with ip(8): what vinet's is held against. */
import { run } from './machine.mjs';

const [ROUTERS, LAYERS] = [
  ['vb_a', 'vb_b'],
  ['vb_la', 'vb_lb'],
];
const LINK_ADDRESSES = ['172.31.0.0', '172.31.0.1'];
const NUMBER = 77;
const GUE_PORT = 20_077;

/** What `ip link add NAME …` is told for an encapsulation; `fou` what has to be there first. */
const KINDS = {
  vxlan: (local, remote) =>
    `type vxlan id ${NUMBER} local ${local} remote ${remote} dstport 4789 nolearning ttl 64`,
  geneve: (_local, remote) => `type geneve id ${NUMBER} remote ${remote} dstport 6081 ttl 64`,
  gre: (local, remote) => `type gre local ${local} remote ${remote} key ${NUMBER} ttl 64`,
  gue: (local, remote) =>
    `${KINDS.gre(local, remote)} encap gue encap-sport ${GUE_PORT} encap-dport ${GUE_PORT}`,
  ipip: (local, remote) => `type ipip local ${local} remote ${remote} ttl 64`,
};
/** The same pairs as vinet's: GUE's inside is GRE. */
const INSIDE = { gue: 'gre' };

export const BY_HAND = Object.keys(KINDS);

/** @param nodes `{ namespace, address }` of both @returns where to send from and to */
export async function buildByHand(encapsulation, layers, nodes, mtu) {
  for (const side of [0, 1]) {
    const far = 1 - side;
    const commands = [`netns add ${ROUTERS[side]}`];
    if (encapsulation === 'gue') commands.push(`-n ${nodes[side].namespace} fou add port ${GUE_PORT} gue`);
    const outer = KINDS[encapsulation](nodes[side].address, nodes[far].address);
    if (layers === 1) {
      commands.push(...device(nodes[side].namespace, ROUTERS[side], outer, mtu));
    } else {
      const inside = KINDS[INSIDE[encapsulation] ?? encapsulation];
      commands.push(
        `netns add ${LAYERS[side]}`,
        ...device(nodes[side].namespace, LAYERS[side], outer, null),
        `-n ${LAYERS[side]} addr add ${LINK_ADDRESSES[side]} peer ${LINK_ADDRESSES[far]}/32 dev far`,
        ...device(LAYERS[side], ROUTERS[side], inside(LINK_ADDRESSES[side], LINK_ADDRESSES[far]), mtu),
      );
    }
    commands.push(`-n ${ROUTERS[side]} addr add 10.99.0.${side}/31 dev far`);
    for (const command of commands) await run('ip', command.split(' '));
  }
  return { from: ROUTERS[0], to: ROUTERS[1], address: '10.99.0.1' };
}

export async function removeByHand(nodes) {
  for (const namespace of [...ROUTERS, ...LAYERS]) await attempt(`netns del ${namespace}`);
  for (const { namespace } of nodes) await attempt(`-n ${namespace} fou del port ${GUE_PORT} gue`);
}

function device(transport, namespace, type, mtu) {
  return [
    `-n ${transport} link add far netns ${namespace} ${type}`,
    `-n ${namespace} link set far ${mtu === null ? '' : `mtu ${mtu} `}up`,
  ];
}

/** What is not there need not be removed. */
async function attempt(command) {
  await run('ip', command.split(' '), { cleaning: true }).catch(() => {});
}
