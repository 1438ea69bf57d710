import type { WireLinkState } from './wire-link.ts';

/**
 * Messages of proto/vinet/v1/fleet.proto as proto-loader decodes them: every scalar and list is present,
 * a message that was not sent is null, and `body`/`kind` name the member of a oneof that was sent.
 * Only the codecs of this folder know these types.
 */
export interface WireAgentMessage {
  readonly body?: 'register' | 'status' | 'event' | 'reply';
  readonly register?: WireRegister | null;
  readonly status?: WireStatus | null;
  readonly event?: WireEvent | null;
  readonly reply?: WireReply | null;
}

export interface WireControllerMessage {
  readonly body?: 'welcome' | 'desired' | 'request';
  readonly welcome?: { readonly version: string } | null;
  readonly desired?: WireNodeState | null;
  readonly request?: WireRequest | null;
}

export interface WireRegister {
  readonly node: string;
  readonly version: string;
  readonly underlay: readonly string[];
  readonly outside: readonly string[];
  readonly mtu: number;
  readonly capabilities: {
    readonly kernel: string;
    readonly linkKinds: readonly string[];
    readonly features: readonly string[];
    readonly frr: string;
    readonly frrRemark: string;
    readonly daemons: readonly string[];
  } | null;
  readonly limits: { readonly members: number } | null;
  readonly metrics: string;
}

export interface WireRequest {
  readonly id: number;
  readonly body?: 'prepare' | 'abort' | 'readRoutes' | 'openExec' | 'trace';
  readonly prepare?: {
    readonly transaction: string;
    readonly candidate: WireNodeState | null;
    readonly dryRun: boolean;
  } | null;
  readonly abort?: { readonly transaction: string } | null;
  readonly readRoutes?: { readonly overlay: string; readonly member: string } | null;
  readonly openExec?: {
    readonly ticket: string;
    readonly overlay: string;
    readonly member: string;
    readonly argv: readonly string[];
  } | null;
  readonly trace?: { readonly overlay: string; readonly from: string; readonly destination: string } | null;
}

export interface WireReply {
  readonly id: number;
  readonly errorCode: string;
  readonly errorMessage: string;
  readonly body?: 'prepared' | 'routes' | 'hops';
  readonly prepared?: {
    readonly changes: readonly WireChange[];
    readonly refusals: readonly string[];
  } | null;
  readonly routes?: { readonly routes: readonly WireRoute[] } | null;
  readonly hops?: { readonly hops: readonly WireHop[] } | null;
}

export interface WireChange {
  readonly action: string;
  readonly namespace: string;
  readonly object: string;
  readonly detail: string;
}

export interface WireRoute {
  readonly prefix: string;
  readonly protocol: string;
  readonly nextHops: readonly { readonly via: string; readonly interface: string }[];
  readonly metric: number;
}

export interface WireHop {
  readonly ttl: number;
  readonly address: string;
  readonly rttMs: number;
}

export interface WireExecOutput {
  readonly ticket: string;
  readonly body?: 'stdout' | 'stderr' | 'exit';
  readonly stdout?: Uint8Array;
  readonly stderr?: Uint8Array;
  readonly exit?: { readonly status: number; readonly signal: string; readonly failure: string } | null;
}

export interface WireExecInput {
  readonly body?: 'stdin' | 'stdinClosed' | 'signal';
  readonly stdin?: Uint8Array;
  readonly stdinClosed?: boolean;
  readonly signal?: string;
}

export interface WireNodeState {
  readonly revision: number;
  readonly overlays: readonly WireOverlayState[];
}

export interface WireOverlayState {
  readonly name: string;
  readonly environments: readonly WireEnvironmentState[];
  readonly destinations: readonly string[];
  readonly keepsDrift?: boolean;
  readonly names: readonly { readonly address: string; readonly name: string }[];
}

export interface WireEnvironmentState {
  readonly name: string;
  readonly role: string;
  readonly namespace: string;
  readonly vrf: { readonly of: string; readonly table: number } | null;
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly loopback: readonly string[];
  readonly links: readonly WireLinkState[];
  /** Read by routing-codec.ts; null where there is none. */
  readonly routing: unknown;
  readonly routes: readonly { readonly prefix: string; readonly via: string; readonly interface: string }[];
  readonly filter: {
    readonly accept: readonly {
      readonly interface: string;
      readonly source: string;
      readonly destination: string;
    }[];
  } | null;
  readonly border: {
    readonly sources: readonly {
      readonly interface: string;
      readonly prefix: string;
      readonly accept: boolean;
    }[];
    readonly local: readonly { readonly interface: string; readonly address: string }[];
    readonly forward: readonly { readonly from: string; readonly to: string }[];
  } | null;
  readonly otherNames: readonly { readonly address: string; readonly name: string }[];
}

export interface WireStatus {
  readonly revision: number;
  readonly overlays: readonly {
    readonly name: string;
    readonly environments: readonly WireEnvironmentStatus[];
    readonly routeChanges?: { readonly firstAgoMs: number; readonly lastAgoMs: number } | null;
    readonly lostGenerations: readonly number[];
  }[];
}

export interface WireEnvironmentStatus {
  readonly name: string;
  readonly role: string;
  readonly namespace: string;
  readonly phase: string;
  readonly message: string;
  readonly routes: { readonly have: number; readonly want: number } | null;
  readonly neighbors: { readonly have: number; readonly want: number } | null;
  readonly daemons: readonly {
    readonly daemon: string;
    readonly pid: number;
    readonly restarts: number;
    readonly drift: number;
    readonly outdated: boolean;
  }[];
}

export interface WireEvent {
  readonly time: string;
  readonly kind: string;
  readonly overlay: string;
  readonly member: string;
  readonly message: string;
}
