import { bytesPerSecond, type Emulation } from '../../model/emulation.ts';
import { AttributeTable, attribute, attributeU64, requireBytes } from './netlink-message.ts';

/**
 * Options of the netem qdisc (tc-netem(8), linux/pkt_sched.h): struct tc_netem_qopt, then attributes. Times are
 * sent in nanoseconds, so none is rounded.
 */
export function encodeNetem(emulation: Emulation): Buffer {
  const rate = BigInt(bytesPerSecond(emulation.rateBps));
  const rateHeader = Buffer.alloc(RATE_BYTES);
  rateHeader.writeUInt32LE(Number(rate < MAX_U32 ? rate : MAX_U32), 0);
  return Buffer.concat([
    encodeHeader(emulation),
    attribute(TCA_NETEM_RATE, rateHeader),
    attributeU64(TCA_NETEM_RATE64, rate),
    attributeU64(TCA_NETEM_LATENCY64, BigInt(emulation.delayUs) * NS_PER_US),
    attributeU64(TCA_NETEM_JITTER64, BigInt(emulation.jitterUs) * NS_PER_US),
    ...OTHER_DISTURBANCES.map(([type, bytes]) => attribute(type, Buffer.alloc(bytes))),
  ]);
}

/** Null where it does more or less than `encodeNetem` asks for: someone has changed it. */
export function decodeNetem(buffer: Buffer, start: number, end: number): Emulation | null {
  requireBytes(start, end, HEADER_BYTES);
  const attributes = new AttributeTable(TCA_NETEM_JITTER64);
  attributes.read(buffer, start + HEADER_BYTES, end);
  const emulation = {
    delayUs: Number(attributes.u64(TCA_NETEM_LATENCY64) / NS_PER_US),
    jitterUs: Number(attributes.u64(TCA_NETEM_JITTER64) / NS_PER_US),
    lossPpm: Math.round((buffer.readUInt32LE(start + LOSS_AT) / MAX_PROBABILITY) * MILLION),
    rateBps: 8 * Number(attributes.u64(TCA_NETEM_RATE64) || BigInt(attributes.u32(TCA_NETEM_RATE))),
  };
  const found = buffer.subarray(start + LIMIT_AT, start + JITTER_AT);
  const asked = encodeHeader(emulation).subarray(LIMIT_AT, JITTER_AT);
  const disturbed = OTHER_DISTURBANCES.some(([type]) => attributes.bytes(type).some((byte) => byte !== 0));
  return disturbed || !found.equals(asked) ? null : emulation;
}

/** Latency, limit, loss, gap, duplicate, jitter: the times are left to their attributes of 64 bits. */
function encodeHeader(emulation: Emulation): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(limitOf(emulation), LIMIT_AT);
  header.writeUInt32LE(Math.round((emulation.lossPpm / MILLION) * MAX_PROBABILITY), LOSS_AT);
  return header;
}

/**
 * Packets that netem holds at most: those that are under way, and its own default as a queue. Without a rate,
 * as many are under way as a fast machine sends.
 */
function limitOf({ delayUs, jitterUs, rateBps }: Emulation): number {
  const bytesUnderWay = (bytesPerSecond(rateBps || FAST_BPS) / MILLION) * (delayUs + jitterUs);
  return Math.min(MAX_PACKETS, QUEUED_PACKETS + Math.ceil(bytesUnderWay / MEAN_PACKET_BYTES));
}

const QUEUED_PACKETS = 1000;
const MAX_PACKETS = 1_000_000;
const MEAN_PACKET_BYTES = 500;
const FAST_BPS = 10_000_000_000;

const HEADER_BYTES = 24;
const LIMIT_AT = 4;
const LOSS_AT = 8;
const JITTER_AT = 20;
const RATE_BYTES = 16;
const MILLION = 1_000_000;
const NS_PER_US = 1000n;
/** Probabilities are fixed-point numbers of 32 bits. */
const MAX_PROBABILITY = 0xffff_ffff;
const MAX_U32 = 0xffff_ffffn;

const TCA_NETEM_CORR = 1;
const TCA_NETEM_REORDER = 3;
const TCA_NETEM_CORRUPT = 4;
const TCA_NETEM_RATE = 6;
const TCA_NETEM_RATE64 = 8;
const TCA_NETEM_LATENCY64 = 10;
const TCA_NETEM_JITTER64 = 11;

/** With their sizes; each keeps its value when a qdisc is changed without saying it, so zero is said. */
const OTHER_DISTURBANCES = [
  [TCA_NETEM_CORR, 12],
  [TCA_NETEM_REORDER, 8],
  [TCA_NETEM_CORRUPT, 8],
] as const;
