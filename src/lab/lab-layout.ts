import { join } from 'node:path';
import { VinetError } from '../model/vinet-error.ts';

/** What a lab is to be; also what DIR/lab.json holds, so that later commands find the same lab. */
export interface LabPlan {
  /** Begins the names of its namespaces. */
  readonly name: string;
  readonly nodes: number;
  readonly mtu: number;
  readonly directory: string;
  /** Loopback ports, chosen once and kept. */
  readonly restPort: number;
  readonly metricsPorts: readonly number[];
  /** Virtual routers that each node may hold. */
  readonly maxMembers: number;
}

export interface LabNode {
  /** The node's name in the fleet: `n1`. */
  readonly name: string;
  readonly number: number;
  readonly namespace: string;
  /** Without prefix length. */
  readonly address: string;
  readonly stateDirectory: string;
  readonly metricsPort: number;
}

export const MAX_LAB_NODES = 250;
/** RFC 2544 reserves 198.18.0.0/15 for such benches, so no real network is shadowed. */
export const LAB_PREFIX_LENGTH = 16;
export const LAB_BRIDGE = 'internet';
/** The one interface of a node: what its tunnels travel through. */
export const NODE_INTERFACE = 'eth0';
export const FIRST_METRICS_PORT = 9341;

const LAB_NAME = /^[a-z][a-z0-9-]{0,23}$/;

/** Fails with `bad-lab` when a lab cannot be so. */
export function checkLabInput(name: string, nodes: number, mtu: number): void {
  if (!LAB_NAME.test(name)) {
    throw new VinetError(
      'bad-lab',
      `"${name}" cannot name a lab: a lower-case letter, then letters, digits or "-"; at most 24`,
    );
  }
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > MAX_LAB_NODES) {
    throw new VinetError('bad-lab', `a lab has 1 to ${MAX_LAB_NODES} nodes`);
  }
  if (!Number.isInteger(mtu) || mtu < 1280 || mtu > 65_535) {
    throw new VinetError('bad-lab', 'the MTU of a lab is 1280 to 65535 bytes');
  }
}

export function labNode(plan: LabPlan, number: number): LabNode {
  const name = `n${number}`;
  return {
    name,
    number,
    namespace: `${plan.name}-${name}`,
    address: `198.18.0.${number}`,
    stateDirectory: join(plan.directory, name),
    metricsPort: plan.metricsPorts[number - 1] ?? FIRST_METRICS_PORT + number - 1,
  };
}

export function labNodes(plan: LabPlan): LabNode[] {
  return Array.from({ length: plan.nodes }, (_, index) => labNode(plan, index + 1));
}

/** The namespace that stands for the real internet between the nodes. */
export function internetNamespace(name: string): string {
  return `${name}-lab`;
}

export function labPaths(directory: string) {
  return {
    plan: join(directory, 'lab.json'),
    client: join(directory, 'client.yaml'),
    token: join(directory, 'token'),
    socket: join(directory, 'controller.sock'),
    controllerState: join(directory, 'controller'),
    log: (process: string) => join(directory, `${process}.log`),
  };
}

/**
 * A node's fair part of this machine: three quarters of its memory at 16 MiB a router, which a namespace
 * with zebra and a routing daemon of its own takes.
 */
export function membersShare(memoryBytes: number, nodes: number): number {
  return Math.max(8, Math.floor((memoryBytes * 0.75) / (16 * 1024 * 1024) / nodes));
}
