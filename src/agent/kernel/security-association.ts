import { type Cipher, isOurReqid, type SecurityAssociation } from '../../model/security.ts';
import { VinetError } from '../../model/vinet-error.ts';
import {
  AttributeTable,
  attribute,
  encodeMessage,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_EXCL,
  requireBytes,
} from './netlink-message.ts';
import * as xfrm from './xfrm.ts';

/**
 * XFRM_MSG_NEWSA: transport-mode ESP without an end, with extended sequence numbers (RFC 4304) and a window wide
 * enough for what many queues and processors put out of order.
 */
export function encodeAddAssociation(association: SecurityAssociation): Buffer {
  const { source, destination, spi, reqid } = association;
  const info = Buffer.alloc(INFO_BYTES);
  xfrm.writeAddress(info, DESTINATION_AT, destination);
  info.writeUInt32BE(spi, SPI_AT);
  info.writeUInt8(xfrm.IPPROTO_ESP, PROTOCOL_AT);
  xfrm.writeAddress(info, SOURCE_AT, source);
  xfrm.writeUnlimited(info, LIFETIME_AT);
  info.writeUInt32LE(reqid, REQID_AT);
  info.writeUInt16LE(xfrm.familyOf(destination), FAMILY_AT);
  info.writeUInt8(xfrm.XFRM_MODE_TRANSPORT, MODE_AT);
  info.writeUInt8(XFRM_STATE_ESN, FLAGS_AT);
  return encodeMessage(
    xfrm.XFRM_MSG_NEWSA,
    NLM_F_CREATE | NLM_F_EXCL,
    info,
    attribute(xfrm.XFRMA_ALG_AEAD, encodeAlgorithm(association)),
    attribute(xfrm.XFRMA_REPLAY_ESN_VAL, encodeReplayWindow()),
  );
}

/** XFRM_MSG_DELSA of struct xfrm_usersa_id. */
export function encodeRemoveAssociation({ destination, spi }: SecurityAssociation): Buffer {
  const id = Buffer.alloc(ID_BYTES);
  xfrm.writeAddress(id, 0, destination);
  id.writeUInt32BE(spi, 16);
  id.writeUInt16LE(xfrm.familyOf(destination), 20);
  id.writeUInt8(xfrm.IPPROTO_ESP, 22);
  return encodeMessage(xfrm.XFRM_MSG_DELSA, 0, id);
}

export function encodeAssociationDump(): Buffer {
  return encodeMessage(xfrm.XFRM_MSG_GETSA, NLM_F_DUMP);
}

export interface AssociationMessage {
  readonly association: SecurityAssociation;
  /** Packets that it dropped. */
  readonly drops: Readonly<Record<'replayed' | 'outside-window' | 'integrity-failed', number>>;
}

/**
 * Makes a decoder for one dump; null for associations that are not ours. One of ours that is not as
 * `encodeAddAssociation` makes it has no key, and so is none that is wanted.
 */
export function createAssociationDecoder(): (
  buffer: Buffer,
  type: number,
  start: number,
  end: number,
) => AssociationMessage | null {
  const attributes = new AttributeTable(xfrm.XFRMA_REPLAY_ESN_VAL);
  return (buffer, type, start, end) => {
    if (type !== xfrm.XFRM_MSG_NEWSA) return null;
    requireBytes(start, end, INFO_BYTES);
    const family = buffer.readUInt16LE(start + FAMILY_AT);
    const reqid = buffer.readUInt32LE(start + REQID_AT);
    const isEsp = buffer[start + PROTOCOL_AT] === xfrm.IPPROTO_ESP;
    if (!isEsp || !isOurReqid(reqid) || !xfrm.isIpFamily(family)) return null;
    attributes.read(buffer, start + INFO_BYTES, end);
    const algorithm = decodeAlgorithm(attributes.bytes(xfrm.XFRMA_ALG_AEAD));
    const isWhole =
      buffer[start + MODE_AT] === xfrm.XFRM_MODE_TRANSPORT &&
      hasReplayWindow(attributes.bytes(xfrm.XFRMA_REPLAY_ESN_VAL));
    const statistic = (at: number) => buffer.readUInt32LE(start + STATISTICS_AT + at);
    return {
      association: {
        source: xfrm.readAddress(buffer, start + SOURCE_AT, family),
        destination: xfrm.readAddress(buffer, start + DESTINATION_AT, family),
        spi: buffer.readUInt32BE(start + SPI_AT),
        reqid,
        ...algorithm,
        key: isWhole ? algorithm.key : '',
      },
      drops: { 'outside-window': statistic(0), replayed: statistic(4), 'integrity-failed': statistic(8) },
    };
  };
}

/** struct xfrm_algo_aead; the key's last four bytes are the salt (RFC 4106, 8.1; RFC 7634, 2). */
function encodeAlgorithm({ cipher, key }: SecurityAssociation): Buffer {
  const { name, keyBytes } = ALGORITHMS[cipher];
  const bytes = Buffer.from(key, 'hex');
  if (bytes.length !== keyBytes || key.length !== 2 * keyBytes)
    throw new VinetError('kernel', `a key for ${cipher} has ${keyBytes} bytes, not ${bytes.length}`);
  const header = Buffer.alloc(ALGORITHM_HEADER_BYTES);
  header.write(name, 'latin1');
  header.writeUInt32LE(keyBytes * 8, NAME_BYTES);
  header.writeUInt32LE(ICV_BITS, NAME_BYTES + 4);
  return Buffer.concat([header, bytes]);
}

function decodeAlgorithm(bytes: Buffer): Pick<SecurityAssociation, 'cipher' | 'key'> {
  for (const cipher of ['aes-gcm', 'chacha20-poly1305'] as const) {
    const { name, keyBytes } = ALGORITHMS[cipher];
    if (bytes.length !== ALGORITHM_HEADER_BYTES + keyBytes) continue;
    if (!bytes.subarray(0, name.length + 1).equals(Buffer.from(`${name}\0`))) continue;
    if (bytes.readUInt32LE(NAME_BYTES + 4) !== ICV_BITS) continue;
    return { cipher, key: bytes.toString('hex', ALGORITHM_HEADER_BYTES) };
  }
  return { cipher: 'aes-gcm', key: '' };
}

/** struct xfrm_replay_state_esn: length of the bitmap in words, sequence numbers, window in packets, bitmap. */
function encodeReplayWindow(): Buffer {
  const state = Buffer.alloc(REPLAY_HEADER_BYTES + WINDOW_PACKETS / 8);
  state.writeUInt32LE(WINDOW_PACKETS / 32, 0);
  state.writeUInt32LE(WINDOW_PACKETS, WINDOW_AT);
  return state;
}

function hasReplayWindow(bytes: Buffer): boolean {
  return bytes.length >= REPLAY_HEADER_BYTES && bytes.readUInt32LE(WINDOW_AT) === WINDOW_PACKETS;
}

const ALGORITHMS: Readonly<Record<Cipher, { readonly name: string; readonly keyBytes: number }>> = {
  'aes-gcm': { name: 'rfc4106(gcm(aes))', keyBytes: 16 + 4 },
  'chacha20-poly1305': { name: 'rfc7539esp(chacha20,poly1305)', keyBytes: 32 + 4 },
};
const ICV_BITS = 128;
const NAME_BYTES = 64;
const ALGORITHM_HEADER_BYTES = NAME_BYTES + 8;

const WINDOW_PACKETS = 1024;
const REPLAY_HEADER_BYTES = 24;
const WINDOW_AT = 20;

/** struct xfrm_usersa_info */
const INFO_BYTES = 224;
const DESTINATION_AT = 56;
const SPI_AT = 72;
const PROTOCOL_AT = 76;
const SOURCE_AT = 80;
const LIFETIME_AT = 96;
const STATISTICS_AT = 192;
const REQID_AT = 208;
const FAMILY_AT = 212;
const MODE_AT = 214;
const FLAGS_AT = 216;
const XFRM_STATE_ESN = 0x80;

/** struct xfrm_usersa_id */
const ID_BYTES = 24;
