import type { Allocation } from './allocation.ts';
import type { OverlayPlan } from './overlay-plan.ts';
import type { Placement } from './placement.ts';
import type { NumberTable } from './tunnel-numbers.ts';

/** Plans as stores may still hold them: of version 1, or such as are made today. */
export type StoredPlan =
  | (Omit<OverlayPlan, 'guests'> & Partial<Pick<OverlayPlan, 'guests'>>)
  | {
      readonly version: 1;
      readonly placement: Placement;
      readonly allocation: Allocation;
      readonly vnis: NumberTable;
    };

/** What a stored plan says in the words of today's: all that version 1 knew were VXLAN tunnels between nodes. */
export function upgradePlan(stored: StoredPlan): OverlayPlan {
  if (stored.version !== 1) return { guests: {}, ...stored };
  const { placement, allocation, vnis } = stored;
  return {
    version: 2,
    placement,
    sites: {},
    allocation,
    numbers: vnis,
    ports: {},
    linkAddresses: {},
    guests: {},
  };
}
