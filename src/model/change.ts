import type { DaemonName, LinkState } from './node-state.ts';

/**
 * One step from what a node is to what it should be. Dry run, log, progress and tests show these same
 * values; the agent carries them out.
 */
export type Change =
  | {
      readonly kind: 'create-namespace';
      readonly namespace: string;
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
  | {
      readonly kind: 'start-daemon';
      readonly namespace: string;
      readonly daemon: DaemonName;
      readonly config: string;
      readonly reason: string;
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
