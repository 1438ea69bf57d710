import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { VtyClient } from '../../../src/agent/frr/vty-client.ts';

type Answer = (command: string, socket: Socket) => string | Buffer | null;

let folder: string;
let server: Server;
let heard: string[];
let answer: Answer;
const clients: VtyClient[] = [];
const sockets = new Set<Socket>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'vinet-vty-'));
  heard = [];
  answer = () => reply('');
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      for (const command of bytes.toString().split('\0').slice(0, -1)) {
        heard.push(command);
        const said = answer(command, socket);
        if (said !== null) socket.write(said);
      }
    });
  });
  server.listen(join(folder, 'ospfd.vty'));
  await once(server, 'listening');
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server.close();
  rmSync(folder, { recursive: true });
});

test('is in enable mode before the first command', async () => {
  const client = await open();
  await client.ask('show version', 5_000);
  expect(heard).toEqual(['enable', 'show version']);
});

test('gives each question its own answer, also when many ask at once', async () => {
  answer = (command) => reply(`said ${command}`);
  const client = await open();
  const questions = Array.from({ length: 50 }, (_, index) => `show ${index}`);
  const replies = await Promise.all(questions.map((question) => client.ask(question, 5_000)));
  expect(replies.map(({ text }) => text)).toEqual(questions.map((question) => `said ${question}`));
});

test('keeps the lines of a change together while others ask', async () => {
  const client = await open();
  await Promise.all([
    client.configure(['router ospf', ' ospf router-id 10.0.0.1'], 'stop', 5_000),
    client.ask('show version', 5_000),
  ]);
  expect(heard.slice(1)).toEqual([
    'configure terminal',
    'router ospf',
    ' ospf router-id 10.0.0.1',
    'end',
    'show version',
  ]);
});

test('stops at the first line that is refused, says which one, and leaves configuration mode', async () => {
  answer = (command) => (command === ' frog' ? reply('% Unknown command', 2) : reply(''));
  const client = await open();
  expect(await client.configure(['router ospf', ' frog', ' ospf router-id 1.1.1.1'], 'stop', 5_000)).toEqual([
    { line: 'frog', words: '% Unknown command' },
  ]);
  expect(heard.slice(1)).toEqual(['configure terminal', 'router ospf', ' frog', 'end']);
});

test('takes removing what is not there for done, but not a removal that is not understood', async () => {
  answer = (command) => {
    if (command === ' no ip ospf area 0.0.0.0') return reply("Can't find", 13);
    return command === ' no frog' ? reply('% Unknown command', 2) : reply('');
  };
  const client = await open();
  const refused = await client.configure([' no ip ospf area 0.0.0.0', ' no frog'], 'go-on', 5_000);
  expect(refused.map(({ line }) => line)).toEqual(['no frog']);
});

test('gives up a connection on which an answer is late', async () => {
  answer = () => null;
  const client = await open();
  await expect(client.ask('show version', 20)).rejects.toMatchObject({ code: 'timeout' });
  expect(client.closed).toBe(true);
  await expect(client.ask('show version', 20)).rejects.toMatchObject({ code: 'not-running' });
});

test('does not wait again for a daemon that owes an answer already, and sees it come back', async () => {
  answer = () => null;
  const client = await open();
  expect(await client.answersWithin(20)).toBe(false);
  await expect.poll(() => heard).toEqual(['enable', '']);
  const heardBefore = heard.length;
  expect(await client.answersWithin(10)).toBe(false);
  expect(heard.length).toBe(heardBefore);

  answer = () => reply('');
  for (const socket of sockets) for (let late = 0; late < heardBefore; late += 1) socket.write(reply(''));
  await expect.poll(() => client.answersWithin(1_000)).toBe(true);
});

test('does not hold against a daemon that this process was held up when the answer came', async () => {
  answer = (command, socket) => {
    socket.write(reply(''));
    const until = performance.now() + 60;
    while (command === '' && performance.now() < until);
    return null;
  };
  const client = await open();
  await expect.poll(() => client.owesAnswerMs).toBe(0);
  expect(await client.answersWithin(20)).toBe(true);
});

test('fails all who wait when the daemon goes away, and tells it once', async () => {
  answer = (command, socket) => {
    if (command !== 'enable') socket.destroy();
    return command === 'enable' ? reply('') : null;
  };
  const client = await open();
  let told = 0;
  client.onClose(() => {
    told += 1;
  });
  const [first, second] = await Promise.allSettled([
    client.ask('show a', 5_000),
    client.ask('show b', 5_000),
  ]);
  expect([first.status, second.status]).toEqual(['rejected', 'rejected']);
  expect(told).toBe(1);
});

test('a reply without end is cut off', async () => {
  answer = (command) => (command === 'enable' ? reply('') : Buffer.alloc(5_000, 'x'));
  const client = await open(1_000);
  await expect(client.ask('show version', 5_000)).rejects.toMatchObject({ code: 'not-running' });
});

test('bytes that are no reply end the connection', async () => {
  answer = (command) => (command === 'enable' ? reply('') : 'a\0b');
  const client = await open();
  await expect(client.ask('show version', 5_000)).rejects.toMatchObject({ code: 'not-running' });
});

test('a line with a new line in it is never sent', async () => {
  const client = await open();
  await expect(client.ask('show version\nreload', 5_000)).rejects.toMatchObject({ code: 'bad-command' });
  await client.ask('show version', 5_000);
  expect(heard).toEqual(['enable', 'show version']);
});

async function open(maxReplyBytes = 1_000_000): Promise<VtyClient> {
  const client = await VtyClient.connect(join(folder, 'ospfd.vty'), { maxReplyBytes });
  clients.push(client);
  return client;
}

function reply(text: string, code = 0): Buffer {
  return Buffer.concat([Buffer.from(text), Buffer.from([0, 0, 0, code])]);
}
