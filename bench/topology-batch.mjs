/**
 * A topology as lines for `ip -batch` and as OSPF configuration: what every contestant has to program. Addresses are
 * the same everywhere: 10.90.x.y/32 on lo, a /30 of 172.30.0.0/16 a link.
 *
 * A topology is { name, count, links, spec }: routers 1 to `count`, `links` as pairs of them, `spec` as vinet's
 * overlay file says it.
 */

export function ring(count) {
  const links = Array.from({ length: count }, (_, at) => [at + 1, ((at + 1) % count) + 1]);
  return { name: `ring of ${count}`, count, links, spec: `kind: ring, routers: ${count}` };
}

export function grid(side) {
  const number = (row, column) => row * side + column + 1;
  const cells = Array.from({ length: side * side }, (_, at) => [Math.floor(at / side), at % side]);
  const links = cells.flatMap(([row, column]) => [
    ...(column + 1 < side ? [[number(row, column), number(row, column + 1)]] : []),
    ...(row + 1 < side ? [[number(row, column), number(row + 1, column)]] : []),
  ]);
  return {
    name: `grid of ${side} × ${side}`,
    count: side * side,
    links,
    spec: `kind: grid, rows: ${side}, columns: ${side}`,
  };
}

/** One batch for the machine: namespaces, and veth pairs whose ends are created where they belong. */
export function linkLines(prefix, { count, links }) {
  return [
    ...Array.from({ length: count }, (_, at) => `netns add ${prefix}${at + 1}`),
    ...links.map(
      ([a, b]) => `link add r${b} netns ${prefix}${a} type veth peer name r${a} netns ${prefix}${b}`,
    ),
  ];
}

/** One batch a router, for `ip -n NAMESPACE -batch`: `ip` cannot change its namespace within a batch. */
export function addressLines(router, topology) {
  const ends = endsOf(router, topology);
  return [
    `addr add ${loopbackOf(router)}/32 dev lo`,
    ...ends.map(({ far, address }) => `addr add ${address}/30 dev r${far}`),
    'link set lo up',
    ...ends.map(({ far }) => `link set r${far} up`),
  ];
}

export function removalLines(prefix, { count }) {
  return Array.from({ length: count }, (_, index) => `netns del ${prefix}${index + 1}`);
}

/**
 * OSPF with the settings of the product's templates, for a daemon of the router's own or, with a VRF, for one that
 * serves several.
 */
export function ospfLines(router, topology, vrf = null) {
  const scope = vrf === null ? '' : ` vrf ${vrf}`;
  return [
    `interface lo${scope}`,
    ' ip ospf area 0.0.0.0',
    ' ip ospf passive',
    ...endsOf(router, topology).flatMap(({ far }) => [
      `interface r${far}${scope}`,
      ' ip ospf area 0.0.0.0',
      ' ip ospf network point-to-point',
      ' ip ospf hello-interval 1',
      ' ip ospf dead-interval 4',
    ]),
    `router ospf${scope}`,
    ` ospf router-id ${loopbackOf(router)}`,
    ' timers throttle spf 0 50 500',
    ' timers throttle lsa all 0',
    ' timers lsa min-arrival 0',
  ];
}

export function loopbackOf(router) {
  return `10.90.${router >> 8}.${router & 255}`;
}

/** Side 1 or 2 of a link, numbered from 0. */
export function linkAddressOf(link, side) {
  const number = link * 4 + side;
  return `172.30.${number >> 8}.${number & 255}`;
}

/** Namespaces, veth pairs and addresses, which end up with all interfaces up. */
export function objectsOf({ count, links }) {
  return 2 * count + 3 * links.length;
}

/** Namespaces and veth pairs. */
export function linksOf({ count, links }) {
  return count + links.length;
}

function endsOf(router, { links }) {
  return links.flatMap(([a, b], link) => {
    if (a === router) return [{ far: b, address: linkAddressOf(link, 1) }];
    return b === router ? [{ far: a, address: linkAddressOf(link, 2) }] : [];
  });
}
