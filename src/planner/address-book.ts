import type { IpPrefix } from '../model/ip-prefix.ts';
import { addressWithin, linkPrefixAt, loopbackAt, segmentPrefixAt } from '../model/network-layout.ts';
import { networkRanges } from '../model/network-range.ts';
import type { Spec } from '../model/topology.ts';
import { VinetError } from '../model/vinet-error.ts';
import type { Allocation } from './allocation.ts';
import type { IndexTable } from './index-table.ts';

/** The addresses of an overlay's things, one a family, IPv4 first. Throws `inconsistent-plan` for strangers. */
export interface AddressBook {
  readonly families: readonly (4 | 6)[];
  /** The router's number, from 0. */
  numberOf(router: string): number;
  loopbacks(router: string): IpPrefix[];
  linkPrefixes(link: string): IpPrefix[];
  /** Address of one end of a link, with the link's prefix length. */
  linkAddresses(link: string, end: 0 | 1): IpPrefix[];
  segmentPrefixes(segment: string): IpPrefix[];
  segmentAddresses(segment: string, router: string): IpPrefix[];
}

export function openAddressBook(spec: Spec, allocation: Allocation): AddressBook {
  const ranges = networkRanges(spec);
  const { kind } = spec.topology;
  const router = lookup(allocation.routers);
  const link = lookup(allocation.links);
  const segment = lookup(allocation.segments);
  const members = new Map(
    Object.entries(allocation.members).map(([name, table]) => [name, lookup(table)] as const),
  );
  const linkPrefixes = (name: string) => ranges.map((range) => linkPrefixAt(range, link(name)));
  const segmentPrefixes = (name: string) =>
    ranges.map((range) => segmentPrefixAt(range, kind, segment(name)));

  return {
    families: ranges.map(({ family }) => family),
    numberOf: router,
    loopbacks: (name) => ranges.map((range) => loopbackAt(range, router(name))),
    linkPrefixes,
    linkAddresses: (name, end) => linkPrefixes(name).map((prefix) => addressWithin(prefix, end)),
    segmentPrefixes,
    segmentAddresses: (name, member) => {
      const index = (members.get(name) ?? lookup({}))(member);
      return segmentPrefixes(name).map((prefix) => addressWithin(prefix, index));
    },
  };
}

function lookup(table: IndexTable): (name: string) => number {
  const indexes = new Map(Object.entries(table));
  return (name) => {
    const index = indexes.get(name);
    if (index !== undefined) return index;
    throw new VinetError('inconsistent-plan', `the overlay's plan has no number for ${name}`, {
      context: { name },
    });
  };
}
