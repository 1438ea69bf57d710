import type { Emulation } from './emulation.ts';
import type { EnvironmentFilter, KernelRoute, LinkState, VrfPlace } from './node-state.ts';
import type { GuePort } from './observation.ts';
import type { DaemonName } from './routing-state.ts';
import type { ProtectedPackets, SecurityAssociation, SecurityPolicy } from './security.ts';
import type { TunnelSource, WireguardTunnel } from './tunnel.ts';

/**
 * One step from what a node is to what it should be. Dry run, log, progress and tests show these same
 * values; the agent carries them out.
 */
export type Change =
  | {
      readonly kind: 'create-namespace';
      readonly namespace: string;
      /** A VRF there instead. */
      readonly vrf: VrfPlace | null;
      readonly ipv4: boolean;
      readonly ipv6: boolean;
    }
  | { readonly kind: 'restore-namespace-name'; readonly namespace: string }
  /** Ends what runs in the environment, removes its folders, then the namespace with its devices. */
  | { readonly kind: 'delete-namespace'; readonly namespace: string }
  | {
      readonly kind: 'set-forwarding';
      readonly namespace: string;
      readonly ipv4: boolean;
      readonly ipv6: boolean;
    }
  /** Creates the interface with all that `link` says, addresses included; a veth's other end with it. */
  | {
      readonly kind: 'create-link';
      readonly namespace: string;
      readonly link: LinkState;
      readonly peer: { readonly namespace: string; readonly link: LinkState } | null;
    }
  | {
      readonly kind: 'delete-link';
      readonly namespace: string;
      readonly name: string;
      readonly reason: string;
      /** Something that comes may need its name or number; otherwise it carries packets until all else is ready. */
      readonly makesRoom: boolean;
    }
  | { readonly kind: 'set-link-mtu'; readonly namespace: string; readonly name: string; readonly mtu: number }
  | {
      readonly kind: 'set-link-alias';
      readonly namespace: string;
      readonly name: string;
      readonly alias: string;
    }
  | {
      readonly kind: 'set-link-master';
      readonly namespace: string;
      readonly name: string;
      readonly master: string | null;
    }
  | { readonly kind: 'set-link-up'; readonly namespace: string; readonly name: string }
  /** An operator has cut the link. */
  | { readonly kind: 'set-link-down'; readonly namespace: string; readonly name: string }
  /** Null takes the emulation away. */
  | {
      readonly kind: 'set-emulation';
      readonly namespace: string;
      readonly name: string;
      readonly emulation: Emulation | null;
    }
  /** Gives a WireGuard device the keys that its tunnel says now. */
  | {
      readonly kind: 'set-wireguard-keys';
      readonly namespace: string;
      readonly name: string;
      readonly tunnel: WireguardTunnel;
    }
  | { readonly kind: 'add-route'; readonly namespace: string; readonly route: KernelRoute }
  | { readonly kind: 'remove-route'; readonly namespace: string; readonly route: KernelRoute }
  /** The environment's own /etc/hosts, where ip-netns(8) looks for it. */
  | { readonly kind: 'set-hosts'; readonly namespace: string; readonly text: string }
  /** Null lets everything in. */
  | { readonly kind: 'set-filter'; readonly namespace: string; readonly filter: EnvironmentFilter | null }
  /** From where packets of tunnels are taken, all of them; `namespace` is the transport, or empty. */
  | {
      readonly kind: 'set-tunnel-sources';
      readonly namespace: string;
      readonly transport: string | null;
      readonly sources: readonly TunnelSource[];
    }
  /** What may come in only through ESP, all of it, whatever headers it has; `namespace` as above. */
  | {
      readonly kind: 'set-protected-packets';
      readonly namespace: string;
      readonly transport: string | null;
      readonly packets: readonly ProtectedPackets[];
    }
  /**
   * What a tunnel of `namespace` needs in the network that carries it; `transport` null: the node's own network.
   * `namespace` is empty where what is removed belongs to no tunnel any more.
   */
  | {
      readonly kind: 'add-gue-port' | 'remove-gue-port';
      readonly namespace: string;
      readonly transport: string | null;
      readonly guePort: GuePort;
    }
  | {
      readonly kind: 'add-association' | 'remove-association';
      readonly namespace: string;
      readonly transport: string | null;
      readonly association: SecurityAssociation;
    }
  /** Puts the policy in place of the one for the same packets. */
  | {
      readonly kind: 'set-policy' | 'remove-policy';
      readonly namespace: string;
      readonly transport: string | null;
      readonly policy: SecurityPolicy;
    }
  | {
      readonly kind: 'add-remote';
      readonly namespace: string;
      readonly name: string;
      readonly remote: string;
    }
  | {
      readonly kind: 'remove-remote';
      readonly namespace: string;
      readonly name: string;
      readonly remote: string;
    }
  | {
      readonly kind: 'add-address';
      readonly namespace: string;
      readonly name: string;
      readonly address: string;
    }
  | {
      readonly kind: 'remove-address';
      readonly namespace: string;
      readonly name: string;
      readonly address: string;
    }
  /** Shared daemons of `namespace` find the namespace `of` as their VRF `name` from now on, in place of any other. */
  | { readonly kind: 'set-vrf'; readonly namespace: string; readonly name: string; readonly of: string }
  /** `leaving` is the router's namespace where that goes too, and null where it only gets other daemons, or none. */
  | {
      readonly kind: 'remove-vrf';
      readonly namespace: string;
      readonly name: string;
      readonly leaving: string | null;
    }
  | {
      readonly kind: 'start-daemon';
      readonly namespace: string;
      readonly daemon: DaemonName;
      readonly config: string;
      readonly reason: string;
      /** It ran before with the same configuration, and the kernel may still have its routes. */
      readonly resumes: boolean;
    }
  | {
      readonly kind: 'configure-daemon';
      readonly namespace: string;
      readonly daemon: DaemonName;
      readonly config: string;
      readonly commands: readonly string[];
    }
  | { readonly kind: 'stop-daemon'; readonly namespace: string; readonly daemon: string };

/** A change as people and programs outside the agent see it. */
export interface ChangeSummary {
  readonly action: 'create' | 'update' | 'delete';
  readonly namespace: string;
  /** What is changed: `link r2`, `address 10.20.0.1/32 on lo`, `daemon ospfd`. */
  readonly object: string;
  readonly detail: string;
}
