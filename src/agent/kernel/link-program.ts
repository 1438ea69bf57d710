import { constants } from 'node:os';
import type { LinkState } from '../../model/node-state.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import { aliasOf } from '../../planner/link-alias.ts';
import { encodeDeleteAddress, encodeNewAddress } from './address-message.ts';
import { encodeAddRemote, encodeRemoveRemote } from './flood-message.ts';
import type { LinkStep, Namespace } from './kernel.ts';
import {
  defaultRemoteOf,
  encodeDeleteLink,
  encodeNewLink,
  encodeSetLink,
  encodeSetUp,
} from './link-message.ts';
import type { NetlinkConnection, NetlinkRequest } from './netlink-connection.ts';
import { attributeText, attributeU32 } from './netlink-message.ts';
import { encodeRemoveEmulation, encodeSetEmulation } from './queueing-message.ts';
import { encodeDeleteRoute, encodeNewRoute } from './route-message.ts';
import { IFLA_IFALIAS, IFLA_MASTER, IFLA_MTU } from './rtnetlink.ts';

const { ENOENT, EINVAL } = constants.errno;

type CreateStep = Extract<LinkStep, { step: 'create' }>;

/**
 * Carries out the steps over one namespace's connection, then what a new interface needs in the namespace
 * that it now stands in: the kernel takes no alias with RTM_NEWLINK, and a flood list only of a device that
 * is there. Resolves with one entry a step: null, or why it failed.
 */
export async function programLinks(
  connection: NetlinkConnection,
  steps: readonly LinkStep[],
): Promise<(Error | null)[]> {
  const results: (Error | null)[] = steps.map(() => null);
  const sent: { readonly at: number; readonly request: NetlinkRequest }[] = [];
  steps.forEach((step, at) => {
    try {
      for (const request of [encodeStep(step)].flat()) sent.push({ at, request });
    } catch (error) {
      results[at] = error instanceof Error ? error : new VinetError('kernel', errorText(error));
    }
  });
  const errors = await connection.request(sent.map(({ request }) => request));
  sent.forEach(({ at }, position) => {
    results[at] ??= errors[position] ?? null;
  });

  const created = steps.flatMap((step, at) =>
    step.step === 'create' && results[at] === null ? [{ step, at }] : [],
  );
  await Promise.all(
    [...groupFollowers(created)].map(async ([namespace, followers]) => {
      const outcomes = await namespace.program(followers.map(({ step }) => step));
      followers.forEach(({ at }, position) => {
        results[at] ??= outcomes[position] ?? null;
      });
    }),
  );
  return results;
}

interface Follower {
  readonly at: number;
  readonly step: LinkStep;
}

function groupFollowers(
  created: readonly { readonly step: CreateStep; readonly at: number }[],
): Map<Namespace, Follower[]> {
  const groups = new Map<Namespace, Follower[]>();
  for (const { step, at } of created)
    for (const end of step.peer === null ? [step] : [step, step.peer]) {
      const group = groups.get(end.into) ?? [];
      groups.set(end.into, group);
      for (const follower of finishSteps(end.link, end.index)) group.push({ at, step: follower });
    }
  return groups;
}

function finishSteps(link: LinkState, index: number): LinkStep[] {
  const steps: LinkStep[] = [{ step: 'set-alias', index, alias: aliasOf(link) }];
  const tunnel = link.kind === 'tunnel' ? link.tunnel : null;
  if (tunnel?.kind === 'vxlan' && defaultRemoteOf(tunnel) === null)
    for (const remote of tunnel.remotes) steps.push({ step: 'add-remote', index, remote });
  return steps;
}

function encodeStep(step: LinkStep): NetlinkRequest | NetlinkRequest[] {
  switch (step.step) {
    case 'create':
      return {
        what: `create ${step.link.kind} ${step.link.name} in ${step.into.name}`,
        message: encodeNewLink(placeOf(step), step.peer === null ? null : placeOf(step.peer)),
      };
    case 'delete':
      return { what: `delete link #${step.index}`, message: encodeDeleteLink(step.index) };
    case 'set-mtu':
      return {
        what: `set MTU ${step.mtu} of link #${step.index}`,
        message: encodeSetLink(step.index, attributeU32(IFLA_MTU, step.mtu)),
      };
    case 'set-up':
      return {
        what: `set link #${step.index} ${step.up ? 'up' : 'down'}`,
        message: encodeSetUp(step.index, step.up),
      };
    case 'set-alias':
      return {
        what: `set alias of link #${step.index}`,
        message: encodeSetLink(step.index, attributeText(IFLA_IFALIAS, step.alias)),
      };
    case 'set-master':
      return {
        what: `set master #${step.master} of link #${step.index}`,
        message: encodeSetLink(step.index, attributeU32(IFLA_MASTER, step.master)),
      };
    case 'add-address':
      return {
        what: `add address ${step.address} to link #${step.index}`,
        message: encodeNewAddress(step.index, step.address),
      };
    case 'remove-address':
      return {
        what: `remove address ${step.address} from link #${step.index}`,
        message: encodeDeleteAddress(step.index, step.address),
      };
    case 'add-remote':
      return {
        what: `add remote ${step.remote} to link #${step.index}`,
        message: encodeAddRemote(step.index, step.remote),
      };
    case 'remove-remote':
      return {
        what: `remove remote ${step.remote} from link #${step.index}`,
        message: encodeRemoveRemote(step.index, step.remote),
      };
    case 'add-route':
      return {
        what: `add route to ${step.route.prefix} via ${step.route.via}`,
        message: encodeNewRoute(step.index, step.route),
      };
    case 'remove-route':
      return {
        what: `remove route to ${step.route.prefix} via ${step.route.via}`,
        message: encodeDeleteRoute(step.index, step.route),
      };
    case 'set-emulation':
      return encodeEmulationStep(step);
    case 'set-wireguard-keys':
      throw new VinetError('unsupported', `${step.step} is not supported`);
  }
}

function encodeEmulationStep(step: Extract<LinkStep, { step: 'set-emulation' }>) {
  const { index, emulation } = step;
  const what = `set emulation of link #${index}`;
  if (emulation !== null) return { what, message: encodeSetEmulation(index, emulation) };
  return encodeRemoveEmulation(index).map((message) => ({ what, message, done: [ENOENT, EINVAL] }));
}

function placeOf(end: { readonly link: LinkState; readonly into: Namespace; readonly index: number }) {
  return { link: end.link, namespaceFd: end.into.fd, index: end.index };
}
