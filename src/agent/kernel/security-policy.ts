import { isOurReqid, type SecurityPolicy } from '../../model/security.ts';
import { AttributeTable, attribute, encodeMessage, NLM_F_DUMP, requireBytes } from './netlink-message.ts';
import * as xfrm from './xfrm.ts';

/** XFRM_MSG_UPDPOLICY: in place of the policy for the same packets, or new. */
export function encodeSetPolicy(policy: SecurityPolicy): Buffer {
  const info = Buffer.alloc(INFO_BYTES);
  encodeSelector(policy).copy(info);
  xfrm.writeUnlimited(info, LIFETIME_AT);
  info.writeUInt8(DIRECTIONS.indexOf(policy.direction), DIRECTION_AT);
  return encodeMessage(xfrm.XFRM_MSG_UPDPOLICY, 0, info, attribute(xfrm.XFRMA_TMPL, encodeTemplate(policy)));
}

/** XFRM_MSG_DELPOLICY of struct xfrm_userpolicy_id. */
export function encodeRemovePolicy(policy: SecurityPolicy): Buffer {
  const id = Buffer.alloc(ID_BYTES);
  encodeSelector(policy).copy(id);
  id.writeUInt8(DIRECTIONS.indexOf(policy.direction), ID_DIRECTION_AT);
  return encodeMessage(xfrm.XFRM_MSG_DELPOLICY, 0, id);
}

export function encodePolicyDump(): Buffer {
  return encodeMessage(xfrm.XFRM_MSG_GETPOLICY, NLM_F_DUMP);
}

/**
 * Makes a decoder for one dump; null for policies that are not ours. One of ours for packets that we know, which
 * demands something else than `encodeSetPolicy` does, has an SPI that is never wanted.
 */
export function createPolicyDecoder(): (
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
) => SecurityPolicy | null {
  const attributes = new AttributeTable(xfrm.XFRMA_TMPL);
  return (buffer, type, start, end) => {
    if (type !== xfrm.XFRM_MSG_NEWPOLICY) return null;
    requireBytes(start, end, INFO_BYTES);
    attributes.read(buffer, start + INFO_BYTES, end);
    const template = attributes.bytes(xfrm.XFRMA_TMPL);
    const direction = DIRECTIONS[buffer.readUInt8(start + DIRECTION_AT)];
    if (template.length < TEMPLATE_BYTES || direction === undefined) return null;
    const reqid = template.readUInt32LE(TEMPLATE_REQID_AT);
    const packets = isOurReqid(reqid) ? decodeSelector(buffer, start) : null;
    if (packets === null) return null;
    const policy = { direction, ...packets, reqid, spi: template.readUInt32BE(TEMPLATE_SPI_AT) };
    const isAllow = buffer[start + ACTION_AT] === XFRM_POLICY_ALLOW;
    return isAllow && template.equals(encodeTemplate(policy)) ? policy : { ...policy, spi: NEVER_WANTED };
  };
}

type Packets = Omit<SecurityPolicy, 'direction' | 'reqid' | 'spi'>;

/** struct xfrm_selector. Of GRE, the halves of the key stand where other protocols have their ports. */
function encodeSelector({ source, destination, protocol, destinationPort, greKey }: Packets): Buffer {
  const family = xfrm.familyOf(destination);
  const bits = family === xfrm.familyOf('::') ? 128 : 32;
  const selector = Buffer.alloc(SELECTOR_BYTES);
  xfrm.writeAddress(selector, 0, destination);
  xfrm.writeAddress(selector, 16, source);
  if (destinationPort !== 0) writePort(selector, DESTINATION_PORT_AT, destinationPort);
  if (greKey !== 0) {
    writePort(selector, DESTINATION_PORT_AT, greKey & 0xffff);
    writePort(selector, SOURCE_PORT_AT, greKey >>> 16);
  }
  selector.writeUInt16LE(family, FAMILY_AT);
  selector.writeUInt8(bits, FAMILY_AT + 2);
  selector.writeUInt8(bits, FAMILY_AT + 3);
  selector.writeUInt8(protocol, PROTOCOL_AT);
  return selector;
}

/** Null where it is not one that `encodeSelector` makes. */
function decodeSelector(buffer: Buffer, start: number): Packets | null {
  const family = buffer.readUInt16LE(start + FAMILY_AT);
  if (!xfrm.isIpFamily(family)) return null;
  const destinationPort = buffer.readUInt16BE(start + DESTINATION_PORT_AT);
  const protocol = buffer.readUInt8(start + PROTOCOL_AT);
  const isGre = protocol === IPPROTO_GRE;
  const packets = {
    source: xfrm.readAddress(buffer, start + 16, family),
    destination: xfrm.readAddress(buffer, start, family),
    protocol,
    destinationPort: isGre ? 0 : destinationPort,
    greKey: isGre ? buffer.readUInt16BE(start + SOURCE_PORT_AT) * 0x1_0000 + destinationPort : 0,
  };
  const found = buffer.subarray(start, start + SELECTOR_BYTES);
  return found.equals(encodeSelector(packets)) ? packets : null;
}

/** A port and its mask. */
function writePort(selector: Buffer, at: number, port: number): void {
  selector.writeUInt16BE(port, at);
  selector.writeUInt16BE(0xffff, at + 2);
}

/** struct xfrm_user_tmpl: what a packet must be wrapped in. Of transport mode the addresses are the packet's own. */
function encodeTemplate({
  destination,
  reqid,
  spi,
}: Pick<SecurityPolicy, 'destination' | 'reqid' | 'spi'>): Buffer {
  const template = Buffer.alloc(TEMPLATE_BYTES);
  template.writeUInt32BE(spi, TEMPLATE_SPI_AT);
  template.writeUInt8(xfrm.IPPROTO_ESP, TEMPLATE_PROTOCOL_AT);
  template.writeUInt16LE(xfrm.familyOf(destination), TEMPLATE_FAMILY_AT);
  template.writeUInt32LE(reqid, TEMPLATE_REQID_AT);
  template.writeUInt8(xfrm.XFRM_MODE_TRANSPORT, TEMPLATE_MODE_AT);
  template.fill(0xff, TEMPLATE_ALGORITHMS_AT, TEMPLATE_BYTES);
  return template;
}

/** In the order of the kernel's numbers, XFRM_POLICY_IN and XFRM_POLICY_OUT. */
const DIRECTIONS = ['in', 'out'] as const;
const XFRM_POLICY_ALLOW = 0;
const IPPROTO_GRE = 47;
const NEVER_WANTED = 0xffff_ffff;

const SELECTOR_BYTES = 56;
const DESTINATION_PORT_AT = 32;
const SOURCE_PORT_AT = 36;
const FAMILY_AT = 40;
const PROTOCOL_AT = 44;

/** struct xfrm_userpolicy_info */
const INFO_BYTES = 168;
const LIFETIME_AT = 56;
const DIRECTION_AT = 160;
const ACTION_AT = 161;

/** struct xfrm_userpolicy_id */
const ID_BYTES = 64;
const ID_DIRECTION_AT = 60;

const TEMPLATE_BYTES = 64;
const TEMPLATE_SPI_AT = 16;
const TEMPLATE_PROTOCOL_AT = 20;
const TEMPLATE_FAMILY_AT = 24;
const TEMPLATE_REQID_AT = 44;
const TEMPLATE_MODE_AT = 48;
const TEMPLATE_ALGORITHMS_AT = 52;
