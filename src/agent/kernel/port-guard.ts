import type { Nft } from './nft.ts';

/** Table of nftables (nft(8)) in a router's namespace whose daemons listen without asking who calls. */
const TABLE = 'vinet_ports';

/**
 * Keeps TCP ports of a namespace to root's own connections over loopback: nobody comes in by another interface, and no
 * other user's program inside may begin a connection. A connection that is there was allowed when it began.
 */
export class PortGuard {
  readonly #nft: Nft;

  constructor(nft: Nft) {
    this.#nft = nft;
  }

  /** Whether the table is there; false also where there can be none. */
  async stands(): Promise<boolean> {
    return (await this.#nft.hasTable(TABLE)) === true;
  }

  /** Replaces what is guarded in one transaction. Fails with `unsupported` or `kernel`: then nothing is guarded. */
  async write(ports: readonly number[]): Promise<void> {
    await this.#nft.run([], renderPortGuard(ports));
  }
}

/** Pure. */
export function renderPortGuard(ports: readonly number[]): string {
  return `table inet ${TABLE}
delete table inet ${TABLE}
table inet ${TABLE} {
 set ports { type inet_service; elements = { ${ports.map(Number).join(', ')} } }
 chain input {
  type filter hook input priority filter; policy accept;
  iifname != "lo" tcp dport @ports drop
 }
 chain output {
  type filter hook output priority filter; policy accept;
  oifname "lo" ${BEGINS} tcp dport @ports meta skuid 0 accept
  oifname "lo" ${BEGINS} tcp dport @ports drop
 }
}
`;
}

/** What stands in the way of a packet without a socket as well: it has no user. */
const BEGINS = 'tcp flags & (fin | syn | rst | ack) == syn';
