import { createHash } from 'node:crypto';
import type { ObservedLink } from '../../model/observation.ts';
import { isIpv6 } from '../../model/tunnel.ts';
import type { LinkStep } from './kernel.ts';

/**
 * Addresses of one namespace that have to be said again each time their interface comes up, by the interface's
 * index: those of WireGuard devices that are link-local, which the kernel makes for every other device and drops
 * when it goes down; and those of IPv6 with another far end, to which the kernel makes a route only when it is
 * told the address of an interface that is up.
 */
export class UpAddresses {
  readonly #namespace: string;
  readonly #addresses = new Map<number, Set<string>>();

  /** @param namespace its name, from which link-local addresses are derived */
  constructor(namespace: string) {
    this.#namespace = namespace;
  }

  of(index: number): Iterable<string> {
    return this.#addresses.get(index) ?? [];
  }

  /** Takes in what was read. */
  learn(links: readonly ObservedLink[]): void {
    for (const { index, kind, addresses } of links) {
      if (kind === 'wireguard') this.#add(index, this.#linkLocalOf(index));
      for (const address of addresses) if (hasFarEnd(address)) this.#add(index, address);
    }
  }

  /** Takes in what a step is about to change. */
  note(step: LinkStep): void {
    if (step.step === 'set-wireguard-keys') this.#add(step.index, this.#linkLocalOf(step.index));
    else if (step.step === 'add-address' && hasFarEnd(step.address)) this.#add(step.index, step.address);
    else if (step.step === 'remove-address') this.#addresses.get(step.index)?.delete(step.address);
    else if (step.step === 'delete') this.#addresses.delete(step.index);
  }

  #add(index: number, address: string): void {
    this.#addresses.set(index, (this.#addresses.get(index) ?? new Set()).add(address));
  }

  /** The same for as long as the interface is there, and another at the far end. */
  #linkLocalOf(index: number): string {
    const digits = createHash('sha256').update(`${this.#namespace}/${index}`).digest('hex');
    return `fe80::${[0, 4, 8, 12].map((at) => digits.slice(at, at + 4)).join(':')}/64`;
  }
}

function hasFarEnd(address: string): boolean {
  return isIpv6(address) && address.includes(' peer ');
}
