import { bytesPerSecond, type Emulation } from '../../model/emulation.ts';
import { AttributeTable, attribute, attributeU32, attributeU64, requireBytes } from './netlink-message.ts';

/** Options of the tbf qdisc (tc-tbf(8), linux/pkt_sched.h): a token bucket, for an emulation with nothing but a rate. */
export function encodeTbf({ rateBps }: Emulation): Buffer {
  const rate = bytesPerSecond(rateBps);
  const parameters = Buffer.alloc(PARAMETERS_BYTES);
  parameters.writeUInt8(TC_LINKLAYER_ETHERNET, LINK_LAYER_AT);
  parameters.writeUInt32LE(Math.min(rate, MAX_U32), RATE_AT);
  parameters.writeUInt32LE(limitOf(rate), LIMIT_AT);
  return Buffer.concat([
    attribute(TCA_TBF_PARMS, parameters),
    attributeU64(TCA_TBF_RATE64, BigInt(rate)),
    attributeU32(TCA_TBF_BURST, burstOf(rate)),
  ]);
}

/** Null where rates or queue are not as `encodeTbf` asks for: someone has changed them. */
export function decodeTbf(buffer: Buffer, start: number, end: number): Emulation | null {
  const attributes = new AttributeTable(TCA_TBF_RATE64);
  attributes.read(buffer, start, end);
  const parameters = attributes.start(TCA_TBF_PARMS);
  if (parameters < 0) return null;
  requireBytes(parameters, attributes.end(TCA_TBF_PARMS), PARAMETERS_BYTES);
  const at = (offset: number) => buffer.readUInt32LE(parameters + offset);
  const rate = Number(attributes.u64(TCA_TBF_RATE64)) || at(RATE_AT);
  if (at(LIMIT_AT) !== limitOf(rate) || at(PEAK_RATE_AT) !== 0) return null;
  return { delayUs: 0, jitterUs: 0, lossPpm: 0, rateBps: rate * 8 };
}

/** Bytes that may leave at once: some ticks of the kernel's clock, or a jumbo frame, which would never leave else. */
function burstOf(rate: number): number {
  return Math.min(MAX_U32, Math.max(MIN_BURST_BYTES, Math.ceil(rate * BURST_S)));
}

/** Bytes that wait at most. */
function limitOf(rate: number): number {
  return Math.min(MAX_U32, burstOf(rate) + Math.ceil(rate * LATENCY_S));
}

const MIN_BURST_BYTES = 9216;
const BURST_S = 0.01;
const LATENCY_S = 0.05;

const TCA_TBF_PARMS = 1;
const TCA_TBF_RATE64 = 4;
const TCA_TBF_BURST = 6;

/** struct tc_tbf_qopt: two of struct tc_ratespec, limit, buffer, mtu */
const PARAMETERS_BYTES = 36;
const LINK_LAYER_AT = 1;
const RATE_AT = 8;
const PEAK_RATE_AT = 20;
const LIMIT_AT = 24;
const TC_LINKLAYER_ETHERNET = 1;
const MAX_U32 = 0xffff_ffff;
