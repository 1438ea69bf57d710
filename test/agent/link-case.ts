import type { Overlay } from '../../src/model/overlay.ts';
import { inside } from '../machine.ts';
import type { PortMeaning } from '../packet.ts';

/** One cell of the table of links: how packets are wrapped, and over what. */
export interface LinkCase {
  readonly encapsulation: NonNullable<NonNullable<Overlay['spec']['links']>['encapsulation']>;
  readonly layers: 1 | 2;
  readonly underlay: 4 | 6;
  readonly carried: readonly (4 | 6)[];
}

export function nameOf({ encapsulation, layers, underlay, carried }: LinkCase): string {
  return `${encapsulation}-${layers}-u${underlay}-c${carried.join('')}`;
}

/** Two routers, one on each node, that route all carried families. */
export function overlayOf(link: LinkCase, nodes: readonly [string, string]): Overlay {
  const network = link.carried.map((family) => (family === 4 ? '10.66.0.0/16' : 'fd66::/48'));
  const protocols = link.carried.map((family) => (family === 4 ? 'ospf' : 'ospf6') as 'ospf' | 'ospf6');
  return {
    apiVersion: 'vinet/v1',
    kind: 'Overlay',
    metadata: { name: nameOf(link) },
    spec: {
      topology: { kind: 'line', routers: 2 },
      placement: { nodes: [...nodes] },
      addressing: { network },
      links: { encapsulation: link.encapsulation, layers: link.layers },
      routing: { protocol: protocols },
    },
  };
}

/** The headers that a ping must have on the wire between the nodes, outermost first. */
export function shapeOnWire({ encapsulation, layers, underlay }: LinkCase, carried: 4 | 6): string {
  const outer = `ethernet ipv${underlay}`;
  const inner = `ipv${carried} protocol${carried === 4 ? 1 : 58}`;
  if (encapsulation === 'wireguard') return `${outer} udp wireguard`;
  const physical = WRAPPINGS[encapsulation];
  if (layers === 1) return `${outer} ${physical} ${inner}`.replace(/ +/g, ' ');
  const link = encapsulation === 'gue' ? WRAPPINGS.gre : physical;
  return `${outer} ${physical} ipv4 ${link} ${inner}`.replace(/ +/g, ' ');
}

const WRAPPINGS = {
  vxlan: 'udp vxlan ethernet',
  geneve: 'udp geneve ethernet',
  gre: 'gre',
  gue: 'udp gue gre',
  ipip: '',
} as const;

/** Links that need a UDP port of their own have it from this range. */
export function meaningOf({ encapsulation }: LinkCase): PortMeaning {
  return (port) => {
    if (port < 10_000 || port > 32_767) return null;
    return encapsulation === 'gue' || encapsulation === 'wireguard' ? encapsulation : null;
  };
}

/** Whether a packet of exactly the MTU passes in one piece, and what is said of one that is a byte larger. */
export function pingFullSize(
  namespace: string,
  address: string,
  mtu: number,
): { readonly passes: boolean; readonly larger: string } {
  const headers = address.includes(':') ? 48 : 28;
  const argv = (bytes: number) => [
    'ping',
    '-n',
    '-c',
    '1',
    '-W',
    '5',
    '-M',
    'do',
    '-s',
    `${bytes - headers}`,
    address,
  ];
  const passes = inside(namespace, ...argv(mtu)) !== null;
  const larger = inside(namespace, 'sh', '-c', `${argv(mtu + 1).join(' ')} 2>&1; true`) ?? '';
  return { passes, larger };
}
