import { describe, expect, it } from 'vitest';
import { reportNode } from '../../src/agent/node-report.ts';
import type { Round } from '../../src/agent/reconciler/reconciler.ts';
import { eventsOfRound } from '../../src/agent/round-events.ts';
import type { Change } from '../../src/model/change.ts';
import type { EnvironmentState } from '../../src/model/node-state.ts';
import type { ObservedEnvironment } from '../../src/model/observation.ts';
import { buildRouting } from '../model/routing-builder.ts';

const NOTHING_STARTED: ReadonlySet<string> = new Set();

describe('what a node reports of a router', () => {
  it('is ready with every route, and converging without', () => {
    expect(phaseOf(round(), 2)).toBe('ready');
    expect(phaseOf(round(), 1)).toBe('converging');
  });

  it('is pending while something is to be done, unless its daemons were just started', () => {
    const busy = round({ changes: [start] });
    expect(phaseOf(busy, 2)).toBe('pending');
    expect(phaseOf(busy, 1, new Set(['a_r1']))).toBe('converging');
  });

  it('stays ready while a daemon is told something new', () => {
    const told: Change = {
      kind: 'configure-daemon',
      namespace: 'a_r1',
      daemon: 'ospfd',
      config: '',
      commands: [],
    };
    expect(phaseOf(round({ changes: [told] }), 2)).toBe('ready');
  });

  it('stays ready while its hosts file is written, for a new member changes those of all others', () => {
    const hosts: Change = { kind: 'set-hosts', namespace: 'a_r1', text: '' };
    expect(phaseOf(round({ changes: [hosts] }), 2)).toBe('ready');
    expect(phaseOf(round({ changes: [hosts, start] }), 2)).toBe('pending');
  });

  it('is failed with the reason', () => {
    const [overlay] = report(
      round({ changes: [start], failures: new Map([['a_r1', 'no room']]) }),
      0,
    ).overlays;
    expect(overlay?.environments[0]).toMatchObject({ phase: 'failed', message: 'no room' });
  });

  it.each(['host', 'link'] as const)(
    'is ready as a %s once it stands, without routes of its own to wait for',
    (role) => {
      const standing = asRole(role);
      expect(report(standing, 0).overlays[0]?.environments[0]).toMatchObject({ role, phase: 'ready' });
      const route = { prefix: '0.0.0.0/0', via: '10.0.0.1', interface: 'r1' };
      const changes: Change[] = [{ kind: 'add-route', namespace: 'a_r1', route }];
      expect(phaseOf({ ...standing, changes }, 0)).toBe('pending');
    },
  );

  it('is removing once nobody wants it', () => {
    const gone = round({ desired: { revision: 8, overlays: [] } });
    expect(report(gone, 0).overlays).toEqual([
      {
        name: 'a',
        routeChanges: null,
        lostGenerations: [],
        environments: [expect.objectContaining({ name: 'r1', phase: 'removing' })],
      },
    ]);
  });

  it('bears the revision that was reached, not the one that is wanted', () => {
    expect(report(round({ reachedRevision: 5 }), 2).revision).toBe(5);
  });
});

describe('events of a round', () => {
  const now = new Date(0);

  it('tell of repairs only when others had changed the node', () => {
    expect(eventsOfRound(round({ changes: [start] }), new Map(), now)).toEqual([]);
    const [event] = eventsOfRound(round({ changes: [start], drift: true }), new Map(), now);
    expect(event).toMatchObject({ kind: 'daemon-started', overlay: 'a', member: 'r1' });
  });

  it('tell of a failure once', () => {
    const failed = round({ failures: new Map([['a_r1', 'no room']]) });
    expect(eventsOfRound(failed, new Map(), now)).toMatchObject([
      { kind: 'reconcile-failed', message: 'no room' },
    ]);
    expect(eventsOfRound(failed, failed.failures, now)).toEqual([]);
  });
});

const start: Change = {
  kind: 'start-daemon',
  namespace: 'a_r1',
  daemon: 'zebra',
  config: '',
  resumes: false,
  reason: 'not running',
};

function report(of: Round, reached: number, started = NOTHING_STARTED) {
  return reportNode(
    of,
    {
      routesOf: () => ({ reached, destinations: 2 }),
      neighborsOf: () => 0,
      restartsOf: () => 0,
      routeChangesOf: () => null,
    },
    { complaintOf: () => '' },
    started,
  );
}

function phaseOf(of: Round, reached: number, started = NOTHING_STARTED) {
  return report(of, reached, started).overlays[0]?.environments[0]?.phase;
}

/** The round of a node whose only environment is no router. */
function asRole(role: EnvironmentState['role']): Round {
  const base = round();
  const overlays = base.desired.overlays.map((overlay) => ({
    ...overlay,
    environments: overlay.environments.map((environment) => ({ ...environment, role, routing: null })),
  }));
  return { ...base, desired: { ...base.desired, overlays } };
}

function round(parts: Partial<Round> = {}): Round {
  const environment: EnvironmentState = {
    name: 'r1',
    role: 'router',
    namespace: 'a_r1',
    vrf: null,
    ipv4: true,
    ipv6: false,
    loopback: ['10.0.0.1/32'],
    links: [],
    routes: [],
    filter: null,
    otherNames: [],
    routing: buildRouting(),
  };
  const observed: ObservedEnvironment = {
    namespace: 'a_r1',
    overlay: 'a',
    name: 'r1',
    exists: true,
    vrfOf: null,
    named: true,
    ipv4Forwarding: true,
    ipv6Forwarding: false,
    links: [],
    routes: [],
    filter: null,
    hosts: '',
    daemons: [],
    vrfs: [],
  };
  const overlay = {
    name: 'a',
    environments: [environment],
    destinations: ['10.0.0.1/32', '10.0.0.2/32'],
    keepsDrift: false,
    names: [],
  };
  return {
    desired: { revision: 7, overlays: [overlay] },
    observed: { environments: [observed], transports: [], usedKeys: new Set() },
    changes: [],
    failures: new Map(),
    reachedRevision: 7,
    drift: false,
    durationMs: 1,
    ...parts,
  };
}
