import type { Damage } from './partial-document.ts';
import type { Problem } from './problem.ts';
import type { OverlayParts, Spec } from './topology.ts';

/** What the schema knows and this version cannot do yet. To support something is to remove its row. */
export function refuseUnsupported({ spec }: OverlayParts, isDamaged: Damage = () => false): Problem[] {
  return UNSUPPORTED.flatMap(({ path, sentence, hint, asked }) => {
    const paths = asked(spec, isDamaged);
    return (paths === true ? [path] : paths === false ? [] : paths).map((where) => ({
      code: 'not-yet-supported',
      path: where,
      message: sentence(spec),
      ...(hint === undefined ? {} : { hint }),
    }));
  });
}

interface Row {
  readonly path: string;
  readonly sentence: (spec: Partial<Spec>) => string;
  readonly hint?: string;
  /** Whether the specification asks for it, or the places where it does when there may be several. */
  readonly asked: (spec: Partial<Spec>, isDamaged: Damage) => boolean | readonly string[];
}

const UNSUPPORTED: readonly Row[] = [
  {
    path: 'spec.underlay.overlays',
    sentence: () => 'riding on several overlays is not yet supported',
    hint: 'name one overlay',
    asked: ({ underlay }) => (underlay?.overlays ?? []).length > 1,
  },
  {
    path: 'spec.underlay.multiplexer',
    sentence: () => 'multiplexer is not yet supported',
    asked: ({ underlay }) => underlay?.multiplexer !== undefined,
  },
];
