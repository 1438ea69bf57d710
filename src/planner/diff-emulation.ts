import { bytesPerSecond, type Emulation } from '../model/emulation.ts';

/** Whether an interface does already what is wanted, as far as the kernel can tell: it counts rates in bytes. */
export function isSameEmulation(wanted: Emulation | null, found: Emulation | null): boolean {
  if (wanted === null || found === null) return wanted === found;
  return (
    wanted.delayUs === found.delayUs &&
    wanted.jitterUs === found.jitterUs &&
    wanted.lossPpm === found.lossPpm &&
    bytesPerSecond(wanted.rateBps) === bytesPerSecond(found.rateBps)
  );
}
