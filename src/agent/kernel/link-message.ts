import type { LinkState } from '../../model/node-state.ts';
import { deviceKindOf, type Tunnel } from '../../model/tunnel.ts';
import {
  AttributeTable,
  attributeText,
  attributeU32,
  encodeMessage,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  nested,
  requireBytes,
} from './netlink-message.ts';
import * as rt from './rtnetlink.ts';
import { HIGHEST_ATTRIBUTE } from './tunnels/encapsulation.ts';
import { decodeTunnel, encapsulationOf } from './tunnels/encapsulations.ts';

/** Where an interface is created: an open namespace and the index that it gets there. */
export interface LinkPlace {
  readonly link: LinkState;
  readonly namespaceFd: number;
  readonly index: number;
}

/** RTM_NEWLINK of an interface that is not there yet, and of a veth's other end. */
export function encodeNewLink(place: LinkPlace, peer: LinkPlace | null): Buffer {
  const info = encodeLinkInfo(place.link, peer);
  return encodeMessage(rt.RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ...encodePlace(place), info);
}

/**
 * The same for a device that has to be made where its packets travel: RTM_NEWLINK under a name and an index that
 * nothing else has there, then RTM_SETLINK that moves it and gives it its own. Must go together.
 */
export function encodeMovedLink({ link, namespaceFd, index }: LinkPlace): { create: Buffer; move: Buffer } {
  const passing = passingIndexOf(index);
  return {
    create: encodeMessage(
      rt.RTM_NEWLINK,
      NLM_F_CREATE | NLM_F_EXCL,
      ...encodeNamed(passing, passingNameOf(index), link),
      encodeLinkInfo(link, null),
    ),
    move: encodeSetLink(
      passing,
      attributeU32(rt.IFLA_NET_NS_FD, namespaceFd),
      attributeU32(rt.IFLA_NEW_IFINDEX, index),
      attributeText(rt.IFLA_IFNAME, link.name),
    ),
  };
}

/** Index, on its way, of a device that will have the given one; clear of all that anybody chooses. */
export function passingIndexOf(index: number): number {
  return 0x4000_0000 + index;
}

export function passingNameOf(index: number): string {
  return `${PASSING_NAME_PREFIX}${index.toString(36)}`;
}

export const PASSING_NAME_PREFIX = 'vinet-';

/** RTM_NEWLINK that only asks whether the kernel knows a kind. */
export function encodeProbe(kind: string, index: number): Buffer {
  return encodeMessage(
    rt.RTM_NEWLINK,
    NLM_F_CREATE | NLM_F_EXCL,
    encodeLinkHeader(index, 0, 0),
    nested(rt.IFLA_LINKINFO, attributeText(rt.IFLA_INFO_KIND, kind)),
  );
}

export function encodeDeleteLink(index: number): Buffer {
  return encodeMessage(rt.RTM_DELLINK, 0, encodeLinkHeader(index, 0, 0));
}

export function encodeSetLink(index: number, ...attributes: readonly Buffer[]): Buffer {
  return encodeMessage(rt.RTM_SETLINK, 0, encodeLinkHeader(index, 0, 0), ...attributes);
}

export function encodeSetUp(index: number, up: boolean): Buffer {
  return encodeMessage(rt.RTM_SETLINK, 0, encodeLinkHeader(index, up ? rt.IFF_UP : 0, rt.IFF_UP));
}

/** @param counters whether the answers bear the interfaces' counters, which are a large part of them */
export function encodeLinkDump(counters: boolean): Buffer {
  const mask = counters ? [] : [attributeU32(rt.IFLA_EXT_MASK, rt.RTEXT_FILTER_SKIP_STATS)];
  return encodeMessage(rt.RTM_GETLINK, NLM_F_DUMP, encodeLinkHeader(0, 0, 0), ...mask);
}

/** What RTM_NEWLINK says of an interface; indices are 0 where there is none. */
export interface LinkMessage {
  readonly index: number;
  readonly name: string;
  readonly kind: string;
  readonly alias: string;
  readonly mtu: number;
  readonly up: boolean;
  /** Kind of the root qdisc. */
  readonly qdisc: string;
  readonly masterIndex: number;
  /** IFLA_LINK: of a veth the index of the other end in its own namespace. */
  readonly lowerIndex: number;
  /** As far as rtnetlink's attributes say it: a VXLAN tunnel is without its remotes, a WireGuard tunnel null. */
  readonly tunnel: Tunnel | null;
}

/** Makes a decoder for the messages of one dump; null for messages that are not about a link. */
export function createLinkDecoder(): (
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
) => LinkMessage | null {
  const attributes = new AttributeTable(rt.IFLA_EXT_MASK);
  const info = new AttributeTable(rt.IFLA_INFO_DATA);
  const data = new AttributeTable(HIGHEST_ATTRIBUTE);
  return (buffer, type, start, end) => {
    if (type !== rt.RTM_NEWLINK) return null;
    requireBytes(start, end, rt.LINK_HEADER_BYTES);
    attributes.read(buffer, start + rt.LINK_HEADER_BYTES, end);
    info.readNested(attributes, rt.IFLA_LINKINFO);
    const kind = info.text(rt.IFLA_INFO_KIND);
    data.readNested(info, rt.IFLA_INFO_DATA);
    return {
      index: buffer.readInt32LE(start + 4),
      name: attributes.text(rt.IFLA_IFNAME),
      kind,
      alias: attributes.text(rt.IFLA_IFALIAS),
      mtu: attributes.u32(rt.IFLA_MTU),
      up: (buffer.readUInt32LE(start + 8) & rt.IFF_UP) !== 0,
      qdisc: attributes.text(rt.IFLA_QDISC),
      masterIndex: attributes.u32(rt.IFLA_MASTER),
      lowerIndex: attributes.u32(rt.IFLA_LINK),
      tunnel: decodeTunnel(kind, data),
    };
  };
}

function encodePlace({ link, namespaceFd, index }: LinkPlace): Buffer[] {
  return [...encodeNamed(index, link.name, link), attributeU32(rt.IFLA_NET_NS_FD, namespaceFd)];
}

function encodeNamed(index: number, name: string, { kind, mtu }: LinkState): Buffer[] {
  const flags = kind === 'tunnel' ? rt.IFF_MULTICAST : 0;
  return [
    encodeLinkHeader(index, flags, flags),
    attributeText(rt.IFLA_IFNAME, name),
    attributeU32(rt.IFLA_MTU, mtu),
  ];
}

function encodeLinkInfo(link: LinkState, peer: LinkPlace | null): Buffer {
  const tunnel = link.kind === 'tunnel' ? link.tunnel : null;
  const data =
    tunnel !== null
      ? encapsulationOf(tunnel).encode(tunnel)
      : peer !== null
        ? [nested(rt.VETH_INFO_PEER, ...encodePlace(peer))]
        : [];
  return nested(
    rt.IFLA_LINKINFO,
    attributeText(rt.IFLA_INFO_KIND, tunnel === null ? link.kind : deviceKindOf(tunnel)),
    ...(data.length === 0 ? [] : [nested(rt.IFLA_INFO_DATA, ...data)]),
  );
}

/** struct ifinfomsg */
function encodeLinkHeader(index: number, flags: number, change: number): Buffer {
  const header = Buffer.alloc(rt.LINK_HEADER_BYTES);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(change, 12);
  return header;
}
