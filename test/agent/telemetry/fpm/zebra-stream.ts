/** Bytes as FRR 8.4's zebra sends them, and the same made by hand. */

/** What a zebra with a connected and a static route said when it connected: next hops, routes, then an end. */
export const CAPTURED = Buffer.from(
  [
    '0101002c' + '2800000068000105' + '0000000000000000' + '02000b000000000008000100020000000800050003000000',
    '01010034' +
      '3000000068000105' +
      '0000000000000000' +
      '02000b00000000000800010005000000080006000a0900020800050003000000',
    '01010038' +
      '3400000018000105' +
      '0000000000000000' +
      '02180000fe02000100000000080001000a090000080006001400000008001e0002000000',
    '01010038' +
      '3400000018000105' +
      '0000000000000000' +
      '02180000fec4000100000000080001000a320000080006001400000008001e000e000000',
    '01010044' +
      '4000000018000104' +
      '0000000000000000' +
      '0a400000fe0200010000000014000100fe800000000000000000000000000000080006001400000008001e0008000000',
    '01010030' +
      '2c00000019000104' +
      '0000000000000000' +
      '02180000fec4000000000000080001000a3200000800060014000000',
    '01010024' + '2000000069000104' + '0000000000000000' + '00000000000000000800010013000000',
  ].join(''),
  'hex',
);

/** A frame with one RTM_NEWROUTE or RTM_DELROUTE; the address as bytes, tables above 255 in an attribute. */
export function routeFrame(options: {
  readonly type?: 24 | 25;
  readonly address: readonly number[];
  readonly prefixLength: number;
  readonly protocol?: number;
  readonly table?: number;
  readonly nextHopGroup?: number;
  readonly routeType?: number;
}): Buffer {
  const { type = 24, address, prefixLength, protocol = 188, table = 254, nextHopGroup = 7 } = options;
  const header = Buffer.alloc(12);
  header.set([address.length === 4 ? 2 : 10, prefixLength, 0, 0, table < 256 ? table : 0, protocol], 0);
  header[7] = type === 25 ? 0 : (options.routeType ?? 1);
  const attributes = [
    attribute(1, Buffer.from(address)),
    attribute(30, uint32(nextHopGroup)),
    ...(table < 256 ? [] : [attribute(15, uint32(table))]),
  ];
  return frame(type, header, ...attributes);
}

function frame(type: number, ...body: readonly Buffer[]): Buffer {
  const payload = Buffer.concat(body);
  const bytes = Buffer.alloc(20);
  bytes.set([1, 1], 0);
  bytes.writeUInt16BE(20 + payload.length, 2);
  bytes.writeUInt32LE(16 + payload.length, 4);
  bytes.writeUInt16LE(type, 8);
  return Buffer.concat([bytes, payload]);
}

function attribute(type: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt16LE(4 + payload.length, 0);
  header.writeUInt16LE(type, 2);
  return Buffer.concat([header, payload]);
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
