import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJsonAnswer } from '../../../src/agent/frr/json-answer.ts';
import { VtyClient } from '../../../src/agent/frr/vty-client.ts';
import { VtyReplyDecoder } from '../../../src/agent/frr/vty-protocol.ts';
import * as questions from '../../../src/agent/telemetry/neighbor-questions.ts';
import { VinetError } from '../../../src/model/vinet-error.ts';
import { createRandom, mutate, usedHeapBytes, withoutStackTraces } from '../../fuzz.ts';

const ANSWER =
  '{"neighbors":{"10.0.0.2":[{"nbrState":"Full/-","upTimeInMsec":81,"ifaceName":"r2:172.20.0.0"}],"a\\u0000":[]}}';
const MAX_REPLY_BYTES = 400;
const READERS = [
  questions.ospfStates,
  questions.ospf6States,
  questions.isisStates,
  questions.bgpStates,
  questions.pimStates,
  questions.bfdStates,
];

test('a million broken replies are replies or errors of ours, and nothing is kept of them', {
  timeout: 120_000,
}, () => {
  const random = createRandom(0xf22);
  const sample = Buffer.from('{"a":1}\0\0\0\0% no\0\0\0\x02{', 'latin1');
  const outcomes = { replies: 0, refused: 0, others: [] as unknown[] };
  let decoder = new VtyReplyDecoder(MAX_REPLY_BYTES);
  const run = (cases: number) => {
    for (let count = 0; count < cases; count += 1) {
      try {
        outcomes.replies += decoder.push(mutate(sample, random)).length;
      } catch (error) {
        decoder = new VtyReplyDecoder(MAX_REPLY_BYTES);
        if (error instanceof VinetError) outcomes.refused += 1;
        else outcomes.others.push(error);
      }
    }
  };
  withoutStackTraces(() => run(10_000));
  const before = usedHeapBytes();
  withoutStackTraces(() => run(990_000));
  expect(usedHeapBytes() - before).toBeLessThan(5_000_000);
  expect(outcomes.others).toEqual([]);
  expect(Math.min(outcomes.replies, outcomes.refused)).toBeGreaterThan(50_000);
});

test('broken JSON is neighbours or an error of ours', { timeout: 60_000 }, () => {
  const random = createRandom(0x150);
  const codes = new Set<string>();
  withoutStackTraces(() => {
    for (let count = 0; count < 20_000; count += 1) {
      try {
        const answer = parseJsonAnswer(mutate(Buffer.from(ANSWER), random).toString('latin1'));
        for (const read of READERS) read(answer);
        codes.add('parsed');
      } catch (error) {
        codes.add(error instanceof VinetError ? error.code : String(error));
      }
    }
  });
  expect([...codes].sort()).toEqual(['parsed', 'rejected']);
});

test('JSON of any shape says in which states neighbours are, or that there are none', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), (text) => {
      const answer = parseJsonAnswer(text);
      for (const state of READERS.flatMap((read) => read(answer))) expect(state).toEqual(expect.any(String));
    }),
  );
});

test('JSON that nests without end is refused before it is read', () => {
  for (const opening of ['[', '{"a":', '[{"":'])
    expect(() => parseJsonAnswer(opening.repeat(1_000_000))).toThrow('nests deeper');
});

test('whatever a daemon says, and wherever it stops, every question comes to an end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'vinet-vty-'));
  const sockets = new Set<Socket>();
  let script: { readonly said: readonly Uint8Array[]; readonly hangsUp: boolean } = {
    said: [],
    hangsUp: false,
  };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    for (const bytes of script.said) socket.write(bytes);
    if (script.hangsUp) socket.end();
  }).listen(join(folder, 'ospfd.vty'));
  await once(server, 'listening');
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.constantFrom('ok\0\0\0\0', '{}\0\0\0', '\0', '\0\0', '\x02', '[').map((text) => Buffer.from(text)),
  );
  try {
    await fc.assert(
      fc.asyncProperty(fc.record({ said: fc.array(piece), hangsUp: fc.boolean() }), async (next) => {
        script = next;
        const client = await VtyClient.connect(join(folder, 'ospfd.vty'), { maxReplyBytes: 100 });
        const asked = await Promise.allSettled([
          client.ask('show version', 10),
          client.configure(['router ospf', ' frog'], 'go-on', 10),
          client.answersWithin(10),
        ]);
        for (const one of asked)
          if (one.status === 'rejected') expect(['timeout', 'not-running']).toContain(one.reason.code);
        client.close();
        for (const socket of sockets) socket.destroy();
        sockets.clear();
      }),
      { numRuns: 100 },
    );
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
});
