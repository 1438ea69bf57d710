import { describe, expect, test } from 'vitest';
import type { Spec } from '../../src/model/topology.ts';
import { refuseUnsupported } from '../../src/model/unsupported.ts';
import { buildOverlay } from '../planner/overlay-builder.ts';

const LINE: Spec['topology'] = { kind: 'line', routers: 3 };

function refusalsOf(rest: Partial<Spec>): string[] {
  const problems = refuseUnsupported(buildOverlay(LINE, rest));
  for (const { code, message } of problems) {
    expect(code).toBe('not-yet-supported');
    expect(message).toContain('not yet supported');
  }
  return problems.map(({ path }) => path);
}

describe('what this version cannot do yet', () => {
  test.each<[string, Partial<Spec>]>([
    ['spec.underlay.overlays', { underlay: { overlays: ['red', 'blue'] } }],
    ['spec.underlay.multiplexer', { underlay: { overlays: ['base'], multiplexer: { mode: 'failover' } } }],
  ])('is refused at %s: %j', (path, rest) => {
    expect(refusalsOf(rest)).toEqual([path]);
  });

  test.each<[Partial<Spec>]>([
    [{}],
    [{ links: { encapsulation: 'vxlan', layers: 1, cost: 3 } }],
    [{ routing: { protocol: 'ospf', instance: 'dedicated', isolation: 'namespace' } }],
    [{ routing: { protocol: 'static' }, addressing: { network: 'fd00::/48' } }],
    [{ routing: { protocol: 'none' }, addressing: { network: ['fd00::/48', '10.0.0.0/8'] } }],
    [{ hosts: [{ name: 'h1', attach: 'r1' }], routers: { r1: { node: 'n2' } } }],
    [{ links: { encapsulation: 'wireguard', layers: 2, emulate: { delay: '20ms' } } }],
    [{ links: { ipsec: { cipher: 'aes-gcm' } }, underlay: { overlays: ['base'] } }],
  ])('does not include %j', (rest) => {
    expect(refusalsOf(rest)).toEqual([]);
  });
});
