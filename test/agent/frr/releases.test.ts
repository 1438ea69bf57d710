import { expect, it } from 'vitest';
import {
  FRR_RELEASES,
  readsOwnFile,
  refuseRelease,
  releaseOf,
  underMgmtd,
  warnOfRelease,
} from '../../../src/agent/frr/releases.ts';
import type { DaemonName } from '../../../src/model/routing-state.ts';

it.each([
  ['7.5.1', '8.0'],
  ['8.0', '8.0'],
  ['8.3.9', '8.0'],
  ['8.4.4', '8.4'],
  ['8.5.2', '8.5'],
  ['9.1', '9.0'],
  ['10.0', '10.0'],
  ['10.4.1', '10.0'],
  ['12', '10.0'],
])('FRR %s is as the row %s of the table says', (version, row) => {
  expect(releaseOf(version).since).toBe(row);
});

it('has its rows in the order of the releases, each of which can be run', () => {
  const numbers = FRR_RELEASES.map(({ since }) => since.split('.').map(Number));
  expect(numbers).toEqual(numbers.toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0) || (a[1] ?? 0) - (b[1] ?? 0)));
  expect(FRR_RELEASES.map(({ since }) => refuseRelease(since))).toEqual(FRR_RELEASES.map(() => ''));
});

it('refuses what is too old by name, and says what would be right', () => {
  expect(refuseRelease('7.5.1')).toMatch(/FRR 7\.5\.1 is too old.*install 8\.4 or newer/);
  expect(warnOfRelease('7.5.1')).toBe('');
  expect([refuseRelease(''), warnOfRelease('')]).toEqual(['', '']);
});

it('warns of what it was not tried with, and of what is newer than it knows', () => {
  expect(warnOfRelease('8.4.4')).toBe('');
  expect(warnOfRelease('9.1')).toContain('staticd by mgmtd');
  expect(warnOfRelease('10.2.1')).toContain('staticd, ripd, ripngd by mgmtd');
  expect(warnOfRelease('11.0')).toContain('newer than this version of vinet, which takes it for a 10.0');
});

const CONFIGS = new Map<DaemonName, string>([
  ['zebra', 'hostname r1\nfpm address 127.0.0.1\n'],
  ['staticd', 'hostname r1\n!\nip route 10.66.0.0/16 blackhole\n'],
  ['ospfd', 'hostname r1\nrouter ospf\n'],
  ['ripd', 'hostname r1\nrouter rip\n network r2\n'],
]);

it('tells every daemon its own before FRR 9', () => {
  expect(underMgmtd(CONFIGS, releaseOf('8.4.4'))).toEqual(CONFIGS);
  expect(readsOwnFile('staticd', releaseOf('8.4.4'))).toBe(true);
});

it('starts mgmtd right behind zebra where it has the configuration of others, and tells it theirs', () => {
  const told = underMgmtd(CONFIGS, releaseOf('10.0'));
  expect([...told.keys()]).toEqual(['zebra', 'mgmtd', 'staticd', 'ospfd', 'ripd']);
  expect(told.get('mgmtd')).toBe(
    'hostname r1\n!\nip route 10.66.0.0/16 blackhole\nrouter rip\n network r2\n',
  );
  expect([told.get('staticd'), told.get('ripd')]).toEqual(['hostname r1\n', 'hostname r1\n']);
  expect(told.get('ospfd')).toBe(CONFIGS.get('ospfd'));
  expect(underMgmtd(CONFIGS, releaseOf('9.1')).get('ripd')).toBe(CONFIGS.get('ripd'));
});

it('starts no mgmtd for a router that has nothing for it', () => {
  const configs = new Map([...CONFIGS].filter(([daemon]) => daemon === 'zebra' || daemon === 'ospfd'));
  expect(underMgmtd(configs, releaseOf('10.0'))).toEqual(configs);
});

it('gives no file to mgmtd, nor to those whose configuration it has', () => {
  const release = releaseOf('9.0');
  const daemons = ['zebra', 'mgmtd', 'staticd', 'ripd'] as const;
  expect(daemons.map((daemon) => readsOwnFile(daemon, release))).toEqual([true, false, false, true]);
});
