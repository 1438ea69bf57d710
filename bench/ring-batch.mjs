/**
 * A ring of N routers as lines for `ip -batch`: what every contestant has to program.
 * Addresses are the same everywhere: 10.90.x.y/32 on lo, a /30 of 172.30.0.0/16 a link.
 */

/** One batch for the machine: namespaces, and veth pairs whose ends are created where they belong. */
export function linkLines(prefix, count) {
  const lines = [];
  for (let i = 1; i <= count; i++) lines.push(`netns add ${prefix}${i}`);
  for (let i = 1; i <= count; i++) {
    const j = next(i, count);
    lines.push(`link add r${j} netns ${prefix}${i} type veth peer name r${i} netns ${prefix}${j}`);
  }
  return lines;
}

/** One batch a router, for `ip -n NAMESPACE -batch`: `ip` cannot change its namespace within a batch. */
export function addressLines(i, count) {
  const before = previous(i, count);
  return [
    `addr add ${loopbackOf(i)}/32 dev lo`,
    `addr add ${linkAddressOf(i, 1)}/30 dev r${next(i, count)}`,
    `addr add ${linkAddressOf(before, 2)}/30 dev r${before}`,
    'link set lo up',
    `link set r${next(i, count)} up`,
    `link set r${before} up`,
  ];
}

export function removalLines(prefix, count) {
  return Array.from({ length: count }, (_, index) => `netns del ${prefix}${index + 1}`);
}

export function loopbackOf(i) {
  return `10.90.${i >> 8}.${i & 255}`;
}

/** Side 1 or 2 of the link from router i to the next one. */
export function linkAddressOf(i, side) {
  const number = (i - 1) * 4 + side;
  return `172.30.${number >> 8}.${number & 255}`;
}

export function next(i, count) {
  return (i % count) + 1;
}

export function previous(i, count) {
  return i === 1 ? count : i - 1;
}

/** Namespaces, veth pairs and addresses of a ring, which end up with all interfaces up. */
export function objectsOf(count) {
  return linksOf(count) + 3 * count;
}

/** Namespaces and veth pairs of a ring. */
export function linksOf(count) {
  return count + count;
}
