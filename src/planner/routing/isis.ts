import type { IsisState } from '../../model/routing-state.ts';
import { authenticationOf, redistributionInto } from './protocol-options.ts';
import { interfacesOf, type Speaker, type Speakers } from './speakers.ts';

/** An area of the private range (authority 49). */
const DEFAULT_AREA = '49.0001';
/** FRR's own is both, which costs a second database of everything. */
const DEFAULT_LEVEL = 2;

/** IS-IS of a router that speaks it. Costs fit narrow metrics no more, so wide ones are used. */
export function planIsis(speakers: Speakers, speaker: Speaker, routerId: string): IsisState {
  const { options } = speaker;
  const { area = DEFAULT_AREA, level = DEFAULT_LEVEL } = options.isis ?? {};
  return {
    net: `${area}.${systemId(routerId)}.00`,
    level: `level-${level}` as IsisState['level'],
    families: speakers.wiring.book.families,
    interfaces: interfacesOf(speakers, speaker, 'isis'),
    authentication: authenticationOf(options, 'isis'),
    defaultOriginate: options.defaultOriginate ?? 'never',
    redistribute: redistributionInto(speakers, speaker, 'isis'),
  };
}

/** Six bytes from a dotted quad, as operators write it: 10.20.0.1 is 0100.2000.0001. */
function systemId(routerId: string): string {
  const digits = routerId
    .split('.')
    .map((part) => part.padStart(3, '0'))
    .join('');
  return `${digits.slice(0, 4)}.${digits.slice(4, 8)}.${digits.slice(8)}`;
}
