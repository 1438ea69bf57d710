import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AgentMessage, ControllerMessage, ExecInput, ExecOutput } from '../../src/rpc/fleet-message.ts';
import { decodeAgentMessage, decodeControllerMessage } from '../../src/rpc/fleet-message.ts';
import { loadFleetService } from '../../src/rpc/fleet-service.ts';
import { decodeNodeState, encodeNodeState } from '../../src/rpc/node-state-codec.ts';
import { decodeEvent, decodeRegister, decodeStatus } from '../../src/rpc/report-codec.ts';
import type { WireEnvironmentState } from '../../src/rpc/wire.ts';
import { name, node, nodeState, nodeStatus, reply, reportedEvent, request } from './arbitrary.ts';

const { Join, Attach } = loadFleetService();
const id = fc.maxSafeNat();

const agentMessage: fc.Arbitrary<AgentMessage> = fc.oneof(
  node.map((value) => ({ kind: 'register' as const, node: value })),
  nodeStatus.map((status) => ({ kind: 'status' as const, status })),
  reportedEvent.map((event) => ({ kind: 'event' as const, event })),
  fc.record({ kind: fc.constant('reply' as const), id, reply }),
);
const controllerMessage: fc.Arbitrary<ControllerMessage> = fc.oneof(
  fc.record({ kind: fc.constant('welcome' as const), version: fc.string() }),
  nodeState.map((state) => ({ kind: 'desired' as const, state })),
  fc.record({ kind: fc.constant('request' as const), id, request }),
);
const bytes = fc.uint8Array().map((data) => Buffer.from(data));
const execOutput: fc.Arbitrary<ExecOutput> = fc.record({
  ticket: fc.string(),
  body: fc.oneof(
    fc.constant({ kind: 'attached' as const }),
    fc.record({ kind: fc.constantFrom('stdout' as const, 'stderr' as const), data: bytes }),
    fc.record({
      kind: fc.constant('exit' as const),
      status: fc.integer({ min: -128, max: 255 }),
      signal: fc.string(),
      failure: fc.string(),
    }),
  ),
});
const execInput: fc.Arbitrary<ExecInput> = fc.oneof(
  fc.record({ kind: fc.constant('stdin' as const), data: bytes }),
  fc.constant({ kind: 'stdin-closed' as const }),
  fc.record({
    kind: fc.constant('signal' as const),
    signal: fc.constantFrom('SIGINT' as const, 'SIGHUP' as const),
  }),
);

describe('messages between controller and agents', () => {
  it('bring an agent message over the wire unchanged', () => {
    fc.assert(
      fc.property(agentMessage, (message) => {
        expect(Join.requestDeserialize(Join.requestSerialize(message))).toEqual(message);
      }),
    );
  });

  it('bring a controller message over the wire unchanged', () => {
    fc.assert(
      fc.property(controllerMessage, (message) => {
        expect(Join.responseDeserialize(Join.responseSerialize(message))).toEqual(message);
      }),
    );
  });

  it("bring a command's output and input over the wire unchanged", () => {
    fc.assert(
      fc.property(execOutput, execInput, (output, input) => {
        expect(Attach.requestDeserialize(Attach.requestSerialize(output))).toEqual(output);
        expect(Attach.responseDeserialize(Attach.responseSerialize(input))).toEqual(input);
      }),
    );
  });

  it('answer any bytes with a message or an error, never with anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        for (const decode of [Join.requestDeserialize, Join.responseDeserialize, Attach.requestDeserialize]) {
          try {
            expect(decode(Buffer.from(data))).toBeTypeOf('object');
          } catch (error) {
            expect(error).toBeInstanceOf(Error);
          }
        }
      }),
    );
  });

  it('refuse an empty message', () => {
    expect(() => decodeAgentMessage({})).toThrow(badMessage);
    expect(() => decodeControllerMessage({})).toThrow(badMessage);
  });
});

const badMessage = expect.objectContaining({ name: 'VinetError', code: 'bad-message' });

const environment: WireEnvironmentState = {
  name: 'r1',
  role: 'router',
  namespace: 'ring_r1',
  vrf: null,
  ipv4: true,
  ipv6: false,
  loopback: [],
  links: [],
  routing: null,
  routes: [],
  filter: null,
  border: null,
  otherNames: [],
};

function stateOf(change: Partial<WireEnvironmentState>) {
  const overlay = {
    name: 'ring',
    environments: [{ ...environment, ...change }],
    destinations: [],
    names: [],
  };
  return { revision: 1, overlays: [overlay] };
}

describe('decoders of hostile messages', () => {
  it('accept the message that the cases below spoil', () => {
    expect(decodeNodeState(stateOf({})).overlays).toHaveLength(1);
  });

  const link = {
    name: 'r2',
    link: 'r1-r2',
    mtu: 1500,
    addresses: [],
    master: '',
    enabled: true,
    emulation: null,
  };
  const tunnel = { transport: '', protections: [] };
  const vxlan = { vni: 1, port: 4789, local: '192.0.2.1', remotes: [], learning: false };
  const routing = {
    hostname: 'r1',
    routerId: '1.1.1.1',
    daemons: [],
    interfaces: [],
    ospf: null,
    routes: [],
  };
  it.each<[string, Partial<WireEnvironmentState>]>([
    ['an unknown role', { role: 'bridge' }],
    ['a namespace that leaves its folder', { namespace: '../../etc' }],
    ['a namespace without an overlay', { namespace: 'r1' }],
    ['a name with a line break', { name: 'r1\n' }],
    ['a link without a kind', { links: [link] }],
    ['a link whose name is a path', { links: [{ ...link, name: '..', kind: 'bridge' }] }],
    [
      'a link whose part is missing',
      { links: [{ ...link, kind: 'tunnel', tunnel: { ...tunnel, kind: 'vxlan', vxlan: null } }] },
    ],
    [
      'a VNI of more than 24 bits',
      {
        links: [
          {
            ...link,
            kind: 'tunnel',
            tunnel: { ...tunnel, kind: 'vxlan', vxlan: { ...vxlan, vni: 1 << 24 } },
          },
        ],
      },
    ],
    ['an unknown daemon', { routing: { ...routing, daemons: ['sh'] } }],
    [
      'a host name that begins a line of configuration',
      { routing: { ...routing, hostname: 'r1\nlog file /etc/x' } },
    ],
    [
      'an unknown kind of network',
      { routing: { ...routing, interfaces: [{ name: 'r2', network: 'x', cost: 0, passive: false }] } },
    ],
  ])('refuse %s', (_, change) => {
    expect(() => decodeNodeState(stateOf(change))).toThrow(badMessage);
  });

  it('refuse a revision that a number cannot hold', () => {
    expect(() => decodeNodeState({ revision: 2 ** 60, overlays: [] })).toThrow(badMessage);
  });

  it('refuse a registration without its parts and one under an improper name', () => {
    const register = {
      node: 'n1',
      version: '1',
      underlay: [],
      outside: [],
      mtu: 1500,
      capabilities: { kernel: '', linkKinds: [], features: [], frr: '', frrRemark: '', daemons: [] },
      limits: { members: 1 },
      metrics: '',
    };
    expect(decodeRegister(register).name).toBe('n1');
    expect(() => decodeRegister({ ...register, capabilities: null })).toThrow(badMessage);
    expect(() => decodeRegister({ ...register, limits: null })).toThrow(badMessage);
    expect(() => decodeRegister({ ...register, node: '../n1' })).toThrow(badMessage);
  });

  it('refuse a status of an unknown phase and an event of an unknown kind or time', () => {
    const tally = { have: 0, want: 0 };
    const status = (phase: string, lost: number[] = []) => ({
      revision: 1,
      overlays: [
        {
          name: 'ring',
          lostGenerations: lost,
          environments: [
            {
              name: 'r1',
              role: 'router',
              namespace: 'ring_r1',
              phase,
              message: '',
              routes: tally,
              neighbors: tally,
              daemons: [],
            },
          ],
        },
      ],
    });
    expect(decodeStatus(status('ready')).revision).toBe(1);
    expect(() => decodeStatus(status('fine'))).toThrow(badMessage);
    expect(() => decodeStatus(status('ready', [16]))).toThrow(badMessage);
    const event = { time: '2024-01-01T00:00:00Z', kind: 'daemon-died', overlay: '', member: '', message: '' };
    expect(decodeEvent(event).kind).toBe('daemon-died');
    expect(() => decodeEvent({ ...event, kind: 'party' })).toThrow(badMessage);
    expect(() => decodeEvent({ ...event, time: 'yesterday' })).toThrow(badMessage);
  });

  it('never let a name past that could be a path, whatever it is', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), name), (namespace) => {
        const safe = /^[a-z0-9_-]+$/.test(namespace);
        try {
          decodeNodeState(encodeNodeState(decodeNodeState(stateOf({ namespace }))));
          expect(safe).toBe(true);
        } catch (error) {
          expect(error).toEqual(badMessage);
        }
      }),
    );
  });
});
