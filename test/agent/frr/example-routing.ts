import type { RoutingState } from '../../../src/model/node-state.ts';

/** Routers whose configuration stands in golden/ as NAME-DAEMON.conf. */
export const EXAMPLES: Readonly<Record<string, RoutingState>> = {
  'ospf-ring': {
    hostname: 'r1',
    routerId: '10.20.0.1',
    daemons: ['zebra', 'ospfd'],
    interfaces: [
      { name: 'lo', network: 'loopback', cost: null, passive: true },
      { name: 'r2', network: 'point-to-point', cost: 5, passive: false },
      { name: 'r10', network: 'point-to-point', cost: null, passive: false },
    ],
    ospf: { area: '0.0.0.0', helloIntervalS: 1, deadIntervalS: 4 },
    routes: [],
  },
  'ospf-bus': {
    hostname: 'core-router-0-x',
    routerId: '10.20.0.255',
    daemons: ['zebra', 'ospfd'],
    interfaces: [
      { name: 'lo', network: 'loopback', cost: null, passive: true },
      { name: 'a-bus-segment-1', network: 'broadcast', cost: 65535, passive: false },
    ],
    ospf: { area: '0.0.0.7', helloIntervalS: 65535, deadIntervalS: 65535 },
    routes: [],
  },
  static: {
    hostname: 'r3',
    routerId: '10.20.0.3',
    daemons: ['zebra', 'staticd'],
    interfaces: [],
    ospf: null,
    routes: [
      { prefix: '10.20.0.1/32', via: '172.20.0.0', interface: 'r1' },
      { prefix: '10.20.0.4/32', via: '172.20.0.5', interface: 'r-4' },
      { prefix: 'fd00:20::1/128', via: 'fd00:172::1', interface: 'r1' },
    ],
  },
  alone: {
    hostname: 'r1',
    routerId: '10.20.0.1',
    daemons: ['zebra', 'ospfd', 'staticd'],
    interfaces: [],
    ospf: { area: '0.0.0.0', helloIntervalS: 1, deadIntervalS: 4 },
    routes: [],
  },
};
