import type { Problem } from '../../model/problem.ts';
import { BACKBONE_AREA, commonFamilies } from '../../model/routing-options.ts';
import { PROTOCOL_FEATURES } from '../../model/routing-protocols.ts';
import type { Protocol } from '../../model/routing-schema.ts';
import type { Wiring } from '../wiring.ts';
import { internalNeighbors } from './bgp.ts';
import {
  findSpeakers,
  isTalkedTo,
  othersOn,
  ownArea,
  peersOn,
  type Speaker,
  type Speakers,
} from './speakers.ts';

/** Why the routers of an overlay would not route together; empty when they would. */
export function checkRoutingDomain(wiring: Wiring): Problem[] {
  const speakers = findSpeakers(wiring);
  const named = checkNames(speakers);
  if (named.length > 0) return named;
  return [
    ...checkSystems(speakers),
    ...checkAreas(speakers),
    ...checkReach(speakers),
    ...wiring.book.families.flatMap((family) => checkJoined(speakers, family)),
  ];
}

const MAX_AS = 0xffff_fffe;

function pathOf({ name }: Speaker, speakers: Speakers, field: string): string {
  const own = speakers.wiring.overlay.spec.routers?.[name]?.routing;
  const [head = ''] = field.split('.');
  return own !== undefined && Object.hasOwn(own, head)
    ? `spec.routers.${name}.routing.${field}`
    : `spec.routing.${field}`;
}

/** Routers and interfaces that are referred to and are not there. A complaint about all routers is made once. */
function checkNames(speakers: Speakers): Problem[] {
  const { wiring, all } = speakers;
  const known = new Set(wiring.topology.routers);
  const problems = all.flatMap((speaker) => {
    const { passive = [], bgp = {}, pim } = speaker.options;
    const own = wiring.overlay.spec.routers?.[speaker.name]?.routing ?? {};
    const interfaces = wiring.attachmentsOf(speaker.name).map((attachment) => attachment.interface);
    const routers = [
      ...(bgp.routeReflectors ?? []).map((name) => ({ name, field: 'bgp.routeReflectors' })),
      ...Object.keys(bgp.neighbors ?? {}).map((name) => ({ name, field: 'bgp.neighbors' })),
      ...(pim === undefined ? [] : [{ name: pim.rendezvousPoint, field: 'pim.rendezvousPoint' }]),
    ];
    return [
      ...routers
        .filter(({ name }) => !known.has(name))
        .map(({ name, field }): Problem => {
          const path = pathOf(speaker, speakers, field);
          return { code: 'unknown-router', path, message: `no router is called ${name}` };
        }),
      ...(own.passive === undefined ? [] : passive)
        .filter((name) => !interfaces.includes(name))
        .map((name): Problem => {
          const path = pathOf(speaker, speakers, 'passive');
          const message = `router ${speaker.name} has no interface ${name}`;
          return { code: 'unknown-interface', path, message, hint: `it has ${interfaces.join(', ')}` };
        }),
    ];
  });
  return [...new Map(problems.map((problem) => [`${problem.path} ${problem.message}`, problem])).values()];
}

/** Sessions within an autonomous system run between the routers' own addresses, so something has to lead there. */
function checkSystems(speakers: Speakers): Problem[] {
  const tooLarge = speakers.all.find(({ as }) => as > MAX_AS);
  if (tooLarge !== undefined) {
    const path = pathOf(tooLarge, speakers, 'bgp.as');
    const message = `router ${tooLarge.name} would be in autonomous system ${tooLarge.as}, and the last is ${MAX_AS}`;
    return [{ code: 'wrong-value', path, message, hint: 'begin with a smaller number' }];
  }
  const without = speakers.all.find(
    (speaker) =>
      speaker.as !== 0 &&
      internalNeighbors(speakers, speaker).length > 0 &&
      !speaker.protocols.some((protocol) => protocol !== 'bgp'),
  );
  if (without === undefined) return [];
  return [
    {
      code: 'no-interior-protocol',
      path: pathOf(without, speakers, 'protocol'),
      message: `router ${without.name} shares autonomous system ${without.as} with others and has no protocol that leads to them`,
      hint: 'add one, such as protocol: [ospf, bgp]',
    },
  ];
}

/** All areas meet in the backbone (RFC 2328, 3.1): a link cannot join two others. */
function checkAreas(speakers: Speakers): Problem[] {
  const { wiring } = speakers;
  for (const protocol of ['ospf', 'ospf6'] as const) {
    for (const speaker of speakers.all) {
      if (!speaker.protocols.includes(protocol)) continue;
      const own = ownArea(speaker, protocol);
      const foreign = wiring
        .attachmentsOf(speaker.name)
        .flatMap((attachment) => [...peersOn(speakers, speaker, attachment, protocol).areas])
        .find((area) => area !== own && area !== BACKBONE_AREA);
      if (own === BACKBONE_AREA || foreign === undefined) continue;
      const isOwn = speaker.options[protocol]?.area !== undefined;
      const path = pathOf(speaker, speakers, `${isOwn ? protocol : 'ospf'}.area`);
      const message = `${speaker.name} in area ${own} shares a link with a router in area ${foreign}, and areas meet in area 0 only`;
      return [{ code: 'areas-apart', path, message, hint: 'put one of both into area 0' }];
    }
  }
  return [];
}

/** RIP counts to 15 (RFC 2453, 3.2). */
const RIP_HOPS = 15;
/** From how many routers the way to all others is counted. */
const RIP_SOURCES = 256;

function checkReach(speakers: Speakers): Problem[] {
  for (const protocol of ['rip', 'ripng'] as const) {
    const users = speakers.all.filter(({ protocols }) => protocols.includes(protocol));
    for (const source of users.slice(0, RIP_SOURCES)) {
      const far = farthest(speakers, source, protocol);
      if (far.hops <= RIP_HOPS) continue;
      const path = pathOf(source, speakers, 'protocol');
      const message = `from ${source.name} to ${far.name} it is ${far.hops} hops, and ${protocol} counts to ${RIP_HOPS}`;
      return [{ code: 'too-far', path, message, hint: 'use another protocol' }];
    }
  }
  return [];
}

function farthest(speakers: Speakers, source: Speaker, protocol: Protocol): { name: string; hops: number } {
  const hops = new Map([[source.name, 0]]);
  const crossed = new Set<string>();
  let last = { name: source.name, hops: 0 };
  for (const [name, distance] of hops) {
    last = { name, hops: distance };
    for (const other of talkedTo(speakers, speakers.of(name), protocol, crossed))
      if (!hops.has(other.name)) hops.set(other.name, distance + 1);
  }
  return last;
}

/** Routers that no chain of protocols joins, redistribution included, in one address family. */
function checkJoined(speakers: Speakers, family: 4 | 6): Problem[] {
  const active = speakers.all.filter(
    ({ protocols }) => protocols.length > 0 && !protocols.includes('static'),
  );
  const [first] = active;
  if (first === undefined || active.length < speakers.all.length) return [];
  const carry = (protocols: readonly Protocol[]) =>
    protocols.filter((protocol) => PROTOCOL_FEATURES[protocol].families.includes(family));
  const reaches = carry(first.protocols).map((protocol) => spread(speakers, first, protocol, family));
  if (reaches.some((reached) => active.every(({ name }) => reached.has(name)))) return [];
  const best = reaches.toSorted((a, b) => b.size - a.size)[0] ?? new Set<string>();
  const lost = active.find(({ name }) => !best.has(name)) ?? first;
  return [
    {
      code: 'routes-not-exchanged',
      path: pathOf(lost, speakers, 'protocol'),
      message: `no chain of routing protocols joins ${first.name} (${first.protocols.join(', ')}) and ${lost.name} (${lost.protocols.join(', ')}) for IPv${family}`,
      hint: 'give a router at the border both protocols, and redistribute between them',
    },
  ];
}

/** The routers that hear, through whatever protocols, of a route that is in this one at this router. */
function spread(speakers: Speakers, source: Speaker, protocol: Protocol, family: 4 | 6): Set<string> {
  const seen = new Set([`${protocol} ${source.name}`]);
  const reached = new Set<string>();
  const crossed = new Set<string>();
  for (const key of seen) {
    const [spoken, name = ''] = key.split(' ') as [Protocol, string];
    const speaker = speakers.of(name);
    reached.add(name);
    for (const other of talkedTo(speakers, speaker, spoken, crossed)) seen.add(`${spoken} ${other.name}`);
    for (const { from, into } of speaker.options.redistribute ?? [])
      if (
        from === spoken &&
        speaker.protocols.includes(into) &&
        commonFamilies(spoken, into).includes(family)
      )
        seen.add(`${into} ${name}`);
  }
  return reached;
}

/** `crossed` holds what was told of before: who is on a segment is told once a protocol and autonomous system. */
function talkedTo(speakers: Speakers, speaker: Speaker, protocol: Protocol, crossed: Set<string>): Speaker[] {
  const others = speakers.wiring.attachmentsOf(speaker.name).flatMap((attachment) => {
    const key = `${protocol} ${speaker.as} ${attachment.name}`;
    if (attachment.to.kind === 'segment' && crossed.has(key)) return [];
    crossed.add(key);
    return othersOn(attachment, speaker.name).map((name) => speakers.of(name));
  });
  if (protocol !== 'bgp') return others.filter((other) => isTalkedTo(speaker, other, protocol));
  const external = others.filter(({ as }) => as !== 0 && as !== speaker.as);
  return [...external, ...internalNeighbors(speakers, speaker)];
}
