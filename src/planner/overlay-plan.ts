import { networkRanges } from '../model/network-range.ts';
import type { Overlay } from '../model/overlay.ts';
import type { Checked, Problem } from '../model/problem.ts';
import { expandTopology } from '../model/topology.ts';
import { type Allocation, allocate } from './allocation.ts';
import { type Placement, placeRouters } from './placement.ts';
import { allocateVnis, type VniTable } from './vni.ts';

/**
 * What was decided for an overlay and has to be remembered, because a later decision builds on it:
 * plain JSON, stored beside the overlay. All else is computed anew from both.
 */
export interface OverlayPlan {
  readonly version: 1;
  readonly placement: Placement;
  readonly allocation: Allocation;
  readonly vnis: VniTable;
}

export interface OverlayInput {
  readonly overlay: Overlay;
  /** The plan of the overlay that this one replaces; null for a new one. */
  readonly previous: OverlayPlan | null;
  /** VNIs of all other overlays of this controller. */
  readonly takenVnis: ReadonlySet<number>;
}

/** Decides where routers stand and what they are numbered. Expects an overlay that `checkOverlay` accepts. */
export function compileOverlay({ overlay, previous, takenVnis }: OverlayInput): Checked<OverlayPlan> {
  const { spec } = overlay;
  const topology = expandTopology(spec);
  const placement = placeRouters(topology.routers, spec, previous?.placement ?? null);
  const allocation = allocate(
    topology,
    spec.topology.kind,
    networkRanges(spec),
    previous?.allocation ?? null,
  );
  const vnis = allocateVnis(topology, placement, previous?.vnis ?? {}, takenVnis);
  const problems: Problem[] = allocation.ok ? [] : [...allocation.problems];
  if (vnis === null) {
    const message = 'no VXLAN network identifier is free for its links';
    problems.push({ code: 'vnis-exhausted', path: 'spec.topology', message });
  }
  if (!allocation.ok || vnis === null) return { ok: false, problems };
  return { ok: true, value: { version: 1, placement, allocation: allocation.value, vnis } };
}
