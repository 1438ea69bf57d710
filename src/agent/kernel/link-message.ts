import type { LinkState } from '../../model/node-state.ts';
import { deviceKindOf, type Tunnel, type VxlanTunnel } from '../../model/tunnel.ts';
import { VinetError } from '../../model/vinet-error.ts';
import { AF_INET, formatAddress, parseAddress } from './ip-bytes.ts';
import {
  AttributeTable,
  attribute,
  attributeText,
  attributeU8,
  attributeU16BE,
  attributeU32,
  encodeMessage,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  nested,
  requireBytes,
} from './netlink-message.ts';
import * as rt from './rtnetlink.ts';

/** Where an interface is created: an open namespace and the index that it gets there. */
export interface LinkPlace {
  readonly link: LinkState;
  readonly namespaceFd: number;
  readonly index: number;
}

/** RTM_NEWLINK of an interface that is not there yet, and of a veth's other end. */
export function encodeNewLink(place: LinkPlace, peer: LinkPlace | null): Buffer {
  return encodeMessage(
    rt.RTM_NEWLINK,
    NLM_F_CREATE | NLM_F_EXCL,
    ...encodePlace(place),
    nested(
      rt.IFLA_LINKINFO,
      attributeText(rt.IFLA_INFO_KIND, kindOf(place.link)),
      ...encodeKindData(place.link, peer),
    ),
  );
}

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
  readonly vxlan: VxlanMessage | null;
}

export interface VxlanMessage {
  readonly vni: number;
  readonly port: number;
  readonly local: string;
  readonly learning: boolean;
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
  const data = new AttributeTable(rt.IFLA_VXLAN_LOCAL6);
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
      vxlan: kind === 'vxlan' ? decodeVxlan(buffer, data) : null,
    };
  };
}

function encodePlace({ link, namespaceFd, index }: LinkPlace): Buffer[] {
  return [
    encodeLinkHeader(index, 0, 0),
    attributeText(rt.IFLA_IFNAME, link.name),
    attributeU32(rt.IFLA_MTU, link.mtu),
    attributeU32(rt.IFLA_NET_NS_FD, namespaceFd),
  ];
}

/** struct ifinfomsg */
function encodeLinkHeader(index: number, flags: number, change: number): Buffer {
  const header = Buffer.alloc(rt.LINK_HEADER_BYTES);
  header.writeInt32LE(index, 4);
  header.writeUInt32LE(flags, 8);
  header.writeUInt32LE(change, 12);
  return header;
}

function encodeKindData(link: LinkState, peer: LinkPlace | null): Buffer[] {
  if (link.kind === 'tunnel') return [nested(rt.IFLA_INFO_DATA, ...encodeTunnel(link.tunnel))];
  if (peer === null) return [];
  return [nested(rt.IFLA_INFO_DATA, nested(rt.VETH_INFO_PEER, ...encodePlace(peer)))];
}

function kindOf(link: LinkState): string {
  return link.kind === 'tunnel' ? deviceKindOf(link.tunnel) : link.kind;
}

function encodeTunnel(tunnel: Tunnel): Buffer[] {
  if (tunnel.kind === 'vxlan') return encodeVxlan(tunnel);
  throw new VinetError('unsupported', `${tunnel.kind} tunnels are not supported`);
}

function encodeVxlan(link: VxlanTunnel): Buffer[] {
  const [local, local6] = [rt.IFLA_VXLAN_LOCAL, rt.IFLA_VXLAN_LOCAL6];
  const remote = defaultRemoteOf(link);
  return [
    attributeU32(rt.IFLA_VXLAN_ID, link.vni),
    encodeEither(local, local6, link.local),
    ...(remote === null ? [] : [encodeEither(rt.IFLA_VXLAN_GROUP, rt.IFLA_VXLAN_GROUP6, remote)]),
    attributeU16BE(rt.IFLA_VXLAN_PORT, link.port),
    attributeU8(rt.IFLA_VXLAN_LEARNING, link.learning ? 1 : 0),
    attributeU8(rt.IFLA_VXLAN_TTL, OUTER_TTL),
  ];
}

/** The remote that the device is created with; of a segment every remote is an entry of the flood list. */
export function defaultRemoteOf(link: VxlanTunnel): string | null {
  return link.learning || link.remotes.length !== 1 ? null : (link.remotes[0] ?? null);
}

function encodeEither(type: number, type6: number, text: string): Buffer {
  const address = parseAddress(text);
  return attribute(address.family === AF_INET ? type : type6, address.bytes);
}

function decodeVxlan(buffer: Buffer, data: AttributeTable): VxlanMessage {
  const local = data.has(rt.IFLA_VXLAN_LOCAL) ? rt.IFLA_VXLAN_LOCAL : rt.IFLA_VXLAN_LOCAL6;
  return {
    vni: data.u32(rt.IFLA_VXLAN_ID),
    port: data.u16BE(rt.IFLA_VXLAN_PORT),
    local: formatAddress(buffer, data.start(local), data.end(local)),
    learning: data.u8(rt.IFLA_VXLAN_LEARNING) !== 0,
  };
}

const OUTER_TTL = 64;
