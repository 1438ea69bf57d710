import type { IpPrefix } from '../model/ip-prefix.ts';
import {
  divideRange,
  linkAddressAt,
  linkPrefixAt,
  loopbackAt,
  memberAddressAt,
  segmentPrefixAt,
} from '../model/network-layout.ts';
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
  const parts = ranges.map((range) => divideRange(range, spec.topology.kind));
  const router = lookup(allocation.routers);
  const link = lookup(allocation.links);
  const segment = lookup(allocation.segments);
  const members = new Map(
    Object.entries(allocation.members).map(([name, table]) => [name, lookup(table)] as const),
  );
  const linkPrefixes = (name: string) => {
    const index = link(name);
    return parts.map((part) => linkPrefixAt(part, index));
  };
  const segmentPrefixes = (name: string) => {
    const index = segment(name);
    return parts.map((part) => segmentPrefixAt(part, index));
  };

  return {
    families: ranges.map(({ family }) => family),
    numberOf: router,
    loopbacks: (name) => {
      const index = router(name);
      return parts.map((part) => loopbackAt(part, index));
    },
    linkPrefixes,
    linkAddresses: (name, end) => linkPrefixes(name).map((prefix) => linkAddressAt(prefix, end)),
    segmentPrefixes,
    segmentAddresses: (name, member) => {
      const index = (members.get(name) ?? lookup({}))(member);
      return segmentPrefixes(name).map((prefix) => memberAddressAt(prefix, index));
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
