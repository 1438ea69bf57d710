import { describe, expect, it } from 'vitest';
import { Settling } from '../../../src/agent/reconciler/settling.ts';
import type { Change } from '../../../src/model/change.ts';

const CONFIG = 'router ospf\n timers throttle spf 0 50 500\n';

const change = (namespace: string): Change => ({
  kind: 'configure-daemon',
  namespace,
  daemon: 'ospfd',
  config: CONFIG,
  commands: [],
});

describe('routers that come up together', () => {
  it('compute gently, keep their difference until all have all routes, and then lose it', () => {
    const settling = new Settling(() => 0);
    expect(settling.begin('a_r1', 'ospfd', CONFIG, 50)).toBe(
      'router ospf\n timers throttle spf 300 600 3000\n',
    );
    expect(settling.begin('a_r2', 'ospfd', CONFIG, 50)).not.toBe(CONFIG);
    expect(settling.holds(change('a_r1'))).toBe(true);
    expect(settling.endAll()).toBe(true);
    expect(settling.holds(change('a_r1'))).toBe(false);
    expect(settling.explains(change('a_r1'))).toBe(true);
    settling.settled([]);
    expect(settling.explains(change('a_r1'))).toBe(false);
    expect(settling.endAll()).toBe(false);
  });

  it('are told their own timers after a minute at the latest', () => {
    let now = 0;
    const settling = new Settling(() => now);
    settling.begin('a_r1', 'ospfd', CONFIG, 50);
    expect(settling.nextInMs()).toBe(60_000);
    now = 60_000;
    expect(settling.holds(change('a_r1'))).toBe(false);
    expect(settling.nextInMs()).toBeNull();
  });

  it('are forgotten when nothing is left to be told to them', () => {
    const settling = new Settling(() => 0);
    settling.begin('a_r1', 'ospfd', CONFIG, 50);
    settling.begin('a_r2', 'ospfd', CONFIG, 50);
    settling.settled([change('a_r1')]);
    expect(settling.holds(change('a_r1'))).toBe(true);
    expect(settling.holds(change('a_r2'))).toBe(false);
  });
});

describe('what is no storm', () => {
  it('starts with what is declared', () => {
    const settling = new Settling(() => 0);
    expect(settling.begin('a_r1', 'ospfd', CONFIG, 2)).toBe(CONFIG);
    expect(settling.begin('a_r1', 'zebra', CONFIG, 50)).toBe(CONFIG);
    expect(settling.begin('a_r1', 'ospfd', 'router ospf\n', 50)).toBe('router ospf\n');
    expect(settling.holds(change('a_r1'))).toBe(false);
  });
});
