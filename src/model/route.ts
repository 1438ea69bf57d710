/** A route of a router's kernel table. */
export interface Route {
  readonly prefix: string;
  /** The kernel's protocol by its iproute2 name: `ospf`, `static`, `kernel`, … */
  readonly protocol: string;
  readonly nextHops: readonly { readonly via: string; readonly interface: string }[];
  readonly metric: number;
}
