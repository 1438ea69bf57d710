import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseAddress } from '../../src/cli/address.ts';
import { readClientSettings, settingsFiles } from '../../src/cli/client-settings.ts';

let folder: string;
let files: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vt-settings-'));
  files = settingsFiles({ XDG_CONFIG_HOME: folder, VINET_LAB_DIR: join(folder, 'lab') });
  mkdirSync(join(folder, 'vinet'));
  mkdirSync(join(folder, 'lab'));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function writeConfig(text: string): void {
  writeFileSync(files[0] ?? '', text);
}

function writeLab(): void {
  writeFileSync(files[1] ?? '', 'address: http://127.0.0.1:9999\ntokenFile: token\n');
  writeFileSync(join(folder, 'lab', 'token'), 'of-the-lab\n');
}

test('without anything the usual address is tried without a token', async () => {
  expect(await readClientSettings({}, files)).toEqual({
    address: 'http://127.0.0.1:9340',
    token: null,
    authority: null,
  });
});

test('a lab that runs is found; its token file is meant beside its settings', async () => {
  writeLab();
  expect(await readClientSettings({}, files)).toMatchObject({
    address: 'http://127.0.0.1:9999',
    token: 'of-the-lab',
  });
});

test("the user's configuration comes before the lab, flags and variables before both", async () => {
  writeLab();
  writeConfig('address: https://fleet:9340\ntoken: of-the-fleet\n');
  expect(await readClientSettings({}, files)).toMatchObject({
    address: 'https://fleet:9340',
    token: 'of-the-fleet',
  });
  expect(await readClientSettings({ token: 'mine' }, files)).toMatchObject({
    address: 'https://fleet:9340',
    token: 'mine',
  });
  writeFileSync(join(folder, 'given'), ' from-a-file\n');
  expect(await readClientSettings({ tokenFile: join(folder, 'given') }, files)).toMatchObject({
    token: 'from-a-file',
  });
});

test('a token is never sent to an address that it was not written for', async () => {
  writeLab();
  writeConfig('address: https://fleet:9340\ntoken: of-the-fleet\n');
  expect(await readClientSettings({ address: 'http://elsewhere:1' }, files)).toMatchObject({ token: null });
  expect(await readClientSettings({ address: 'http://127.0.0.1:9999' }, files)).toMatchObject({
    token: 'of-the-lab',
  });
  writeConfig('token: for-any-address\n');
  expect(await readClientSettings({ address: 'http://elsewhere:1' }, files)).toMatchObject({
    token: 'for-any-address',
  });
});

test.each([
  ['adress: x', /unknown setting "adress"/],
  ['address: 9', /"address" must be a text/],
  ['a: [', /config\.yaml/],
  ['just text', /holds no settings/],
  ['tokenFile: nowhere', /cannot read the token file .*vinet\/nowhere/],
])('a configuration of %j is told with its file', async (text, message) => {
  writeConfig(text);
  await expect(readClientSettings({}, files)).rejects.toMatchObject({
    code: 'bad-settings',
    message: expect.stringMatching(message),
  });
});

test.each([
  ['http://10.0.0.1:1234', { kind: 'tcp', secure: false, host: '10.0.0.1', port: 1234 }],
  ['https://fleet', { kind: 'tcp', secure: true, host: 'fleet', port: 9340 }],
  ['http://fleet:80', { kind: 'tcp', secure: false, host: 'fleet', port: 80 }],
  ['localhost:9', { kind: 'tcp', secure: false, host: 'localhost', port: 9 }],
  ['http://[::1]:7/', { kind: 'tcp', secure: false, host: '::1', port: 7 }],
  ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
  ['unix:///run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
])('%s is an address', (text, address) => {
  expect(parseAddress(text)).toEqual(address);
});

test.each(['', 'ftp://x', 'http://x/path', 'http://user:word@x', 'unix:relative', 'unix:', 'http://'])(
  '%j is no address',
  (text) => {
    expect(() => parseAddress(text)).toThrow(expect.objectContaining({ code: 'bad-address' }));
  },
);
