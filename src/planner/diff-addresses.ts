import type { Change } from '../model/change.ts';

/** Addresses are compared as texts: both sides write them in canonical form. */
export function diffAddresses(
  namespace: string,
  name: string,
  wanted: readonly string[],
  present: readonly string[],
): Change[] {
  return [
    ...present
      .filter((address) => !wanted.includes(address))
      .map((address): Change => ({ kind: 'remove-address', namespace, name, address })),
    ...wanted
      .filter((address) => !present.includes(address))
      .map((address): Change => ({ kind: 'add-address', namespace, name, address })),
  ];
}
