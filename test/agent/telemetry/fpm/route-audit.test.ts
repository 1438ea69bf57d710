import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SerialQueue } from '../../../../src/agent/frr/serial-queue.ts';
import type { Namespace } from '../../../../src/agent/kernel/kernel.ts';
import { DecisionTable } from '../../../../src/agent/telemetry/fpm/decision-table.ts';
import { RouteAudit } from '../../../../src/agent/telemetry/fpm/route-audit.ts';
import type { RouteDecision } from '../../../../src/agent/telemetry/fpm/route-decision.ts';
import {
  findDifferences,
  type RouteDifferences,
} from '../../../../src/agent/telemetry/fpm/route-differences.ts';
import type { Route } from '../../../../src/model/route.ts';

const OSPF = 188;
const STATIC = 196;
const KERNEL = 2;
const MAIN = 254;

describe('zebra and the kernel', () => {
  it('agree when the kernel has what zebra chose, whatever else it has of its own', () => {
    const table = tableOf(decision('10.0.0.3', OSPF), decision('10.9.0.0', KERNEL));
    const kernel = [
      route('10.0.0.3/32', 'ospf'),
      route('10.8.0.0/24', 'kernel'),
      route('10.7.0.0/24', 'boot'),
    ];
    expect(findDifferences(table, kernel, MAIN)).toEqual({ missing: [], stray: [] });
  });

  it('differ by a route that is missing, is of another protocol, or is left over', () => {
    const table = tableOf(decision('10.0.0.3', OSPF), decision('10.0.0.4', STATIC));
    const kernel = [route('10.0.0.4/32', 'ospf'), route('10.0.0.5/32', 'bgp')];
    expect(findDifferences(table, kernel, MAIN)).toEqual({
      missing: ['10.0.0.3/32 ospf', '10.0.0.4/32 static'],
      stray: ['10.0.0.4/32 ospf', '10.0.0.5/32 bgp'],
    });
  });

  it("agree on an operator's static route, which zebra calls the kernel's", () => {
    const table = tableOf(decision('10.0.0.3', KERNEL));
    expect(findDifferences(table, [route('10.0.0.3/32', 'static')], MAIN).stray).toEqual([]);
  });

  it('are compared in one table only', () => {
    const table = tableOf(decision('10.0.0.3', OSPF, 1001));
    expect(findDifferences(table, [], MAIN)).toEqual({ missing: [], stray: [] });
    expect(findDifferences(table, [], 1001).missing).toEqual(['10.0.0.3/32 ospf']);
  });
});

describe('comparing them', () => {
  let kernel: Route[];
  let reads: number;
  let told: RouteDifferences[];
  let kernelChanged: (() => void) | null;
  let stream: { isConnected: boolean; lastHeardAt: number; decisions: DecisionTable };
  let audit: RouteAudit;

  beforeEach(() => {
    vi.useFakeTimers();
    kernel = [route('10.0.0.3/32', 'ospf')];
    reads = 0;
    told = [];
    kernelChanged = null;
    stream = { isConnected: true, lastHeardAt: 0, decisions: tableOf(decision('10.0.0.3', OSPF)) };
    const namespace: Pick<Namespace, 'table' | 'readRoutes' | 'watchRoutes'> = {
      table: MAIN,
      readRoutes: async () => {
        reads += 1;
        return kernel;
      },
      watchRoutes: (onChange) => {
        kernelChanged = onChange;
        return {
          close: () => {
            kernelChanged = null;
          },
        };
      },
    };
    audit = new RouteAudit(namespace as Namespace, stream, {
      now: () => Date.now() - startedAt,
      turns: new SerialQueue(),
      onDifference: (_, after) => told.push(after),
    });
    const startedAt = Date.now();
  });
  afterEach(() => {
    audit.close();
    vi.useRealTimers();
  });

  it('costs nothing while nothing changes', async () => {
    audit.suspect();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(reads).toBe(1);
    expect(told).toEqual([]);
  });

  it('tells of a route that the kernel lost and does not get back, and of its return', async () => {
    audit.suspect();
    await vi.advanceTimersByTimeAsync(1_500);
    kernel = [];
    kernelChanged?.();
    await vi.advanceTimersByTimeAsync(1_500);
    expect(told).toEqual([]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(told).toEqual([{ missing: ['10.0.0.3/32 ospf'], stray: [] }]);
    kernel = [route('10.0.0.3/32', 'ospf')];
    kernelChanged?.();
    await vi.advanceTimersByTimeAsync(6_000);
    expect(told.at(-1)).toEqual({ missing: [], stray: [] });
    expect(audit.differences).toEqual({ missing: [], stray: [] });
  });

  it('says nothing of a route that comes back within the grace', async () => {
    audit.suspect();
    await vi.advanceTimersByTimeAsync(1_500);
    kernel = [];
    kernelChanged?.();
    await vi.advanceTimersByTimeAsync(1_500);
    kernel = [route('10.0.0.3/32', 'ospf')];
    await vi.advanceTimersByTimeAsync(10_000);
    expect(told).toEqual([]);
  });

  it('waits while decisions come in, and while zebra is away', async () => {
    const talk = setInterval(() => {
      stream.lastHeardAt += 500;
    }, 500);
    audit.suspect();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(reads).toBe(0);
    clearInterval(talk);
    stream.isConnected = false;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(reads).toBe(0);
  });
});

function decision(address: string, protocol: number, table = 254): RouteDecision {
  const bytes = address.split('.').map(Number);
  const key = String.fromCharCode(protocol === KERNEL && bytes[1] === 9 ? 24 : 32, table, 0, ...bytes);
  return { key, protocol, nextHopGroup: 1, chosen: true };
}

function tableOf(...decisions: readonly RouteDecision[]): DecisionTable {
  const table = new DecisionTable();
  for (const one of decisions) table.take(one);
  return table;
}

function route(prefix: string, protocol: string): Route {
  return { prefix, protocol, nextHops: [], metric: 20 };
}
