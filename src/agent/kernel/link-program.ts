import { constants } from 'node:os';
import type { LinkState } from '../../model/node-state.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import { aliasOf } from '../../planner/link-alias.ts';
import { encodeDeleteAddress, encodeNewAddress, encodeRenewAddress } from './address-message.ts';
import { encodeAddRemote, encodeRemoveRemote } from './flood-message.ts';
import type { LinkStep, Namespace } from './kernel.ts';
import {
  encodeDeleteLink,
  encodeMovedLink,
  encodeNewLink,
  encodeSetLink,
  encodeSetUp,
  passingIndexOf,
  passingNameOf,
} from './link-message.ts';
import type { NetlinkConnection, NetlinkRequest } from './netlink-connection.ts';
import { attributeText, attributeU32 } from './netlink-message.ts';
import { encodeRemoveEmulation, encodeSetEmulation } from './queueing-message.ts';
import { encodeDeleteRoute, encodeNewRoute } from './route-message.ts';
import { IFLA_IFALIAS, IFLA_MASTER, IFLA_MTU } from './rtnetlink.ts';
import { encapsulationOf } from './tunnels/encapsulations.ts';
import type { WireguardDevices } from './tunnels/wireguard-devices.ts';
import type { UpAddresses } from './up-addresses.ts';

const { EACCES, EINVAL, ENOENT, EOPNOTSUPP } = constants.errno;

type CreateStep = Extract<LinkStep, { step: 'create' }>;

/** The namespace that steps are programmed in: its identity, and what is known and asked of it. */
export interface LinkProgrammer {
  readonly inode: number;
  readonly connection: NetlinkConnection;
  readonly wireguard: WireguardDevices;
  readonly upAddresses: UpAddresses;
}

/**
 * Carries out the steps over one namespace's connection, then what a new interface needs in the namespace
 * that it now stands in: the kernel takes no alias with RTM_NEWLINK, and a flood list or keys only of a device
 * that is there. Resolves with one entry a step: null, or why it failed.
 */
export async function programLinks(
  programmer: LinkProgrammer,
  steps: readonly LinkStep[],
): Promise<(Error | null)[]> {
  const results = await sendSteps(programmer, steps);
  await configureWireguard(programmer.wireguard, steps, results);
  await finishCreated(steps, results);
  return results;
}

async function sendSteps(programmer: LinkProgrammer, steps: readonly LinkStep[]): Promise<(Error | null)[]> {
  const results: (Error | null)[] = steps.map(() => null);
  const sent: { readonly at: number; readonly request: NetlinkRequest }[] = [];
  steps.forEach((step, at) => {
    try {
      for (const request of encodeStep(step, programmer)) sent.push({ at, request });
    } catch (error) {
      results[at] = asError(error);
    }
  });
  const errors = await programmer.connection.request(sent.map(({ request }) => request));
  const stranded: CreateStep[] = [];
  sent.forEach(({ at, request }, position) => {
    const [error, step] = [errors[position] ?? null, steps[at]];
    if (error === null) return;
    if (request.joined && results[at] === null && step?.step === 'create') stranded.push(step);
    results[at] ??= error;
  });
  for (const step of stranded) await removeStranded(programmer.connection, step);
  return results;
}

async function configureWireguard(
  devices: WireguardDevices,
  steps: readonly LinkStep[],
  results: (Error | null)[],
): Promise<void> {
  for (const [at, step] of steps.entries())
    if (step.step === 'set-wireguard-keys')
      results[at] = await devices.configure(step.index, step.tunnel).then(() => null, asError);
}

async function finishCreated(steps: readonly LinkStep[], results: (Error | null)[]): Promise<void> {
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
      for (const follower of finishSteps(end.link, end.into, end.index)) group.push({ at, step: follower });
    }
  return groups;
}

function finishSteps(link: LinkState, { masterIndex }: Namespace, index: number): LinkStep[] {
  const alias: LinkStep = { step: 'set-alias', index, alias: aliasOf(link) };
  const master: LinkStep[] = masterIndex === 0 ? [] : [{ step: 'set-master', index, master: masterIndex }];
  return link.kind === 'tunnel'
    ? [alias, ...master, ...encapsulationOf(link.tunnel).finish(link.tunnel, index)]
    : [alias, ...master];
}

function isMoved({ link, into }: CreateStep, inode: number): boolean {
  return link.kind === 'tunnel' && encapsulationOf(link.tunnel).isMoved && into.inode !== inode;
}

/**
 * What is left, under its passing name, of a device that could not be moved or not be named: the tunnel would be
 * taken for ever.
 */
async function removeStranded(connection: NetlinkConnection, { into, index }: CreateStep): Promise<void> {
  const what = `delete stranded link #${passingIndexOf(index)}`;
  await connection.request([{ what, message: encodeDeleteLink(passingIndexOf(index)) }]);
  const links = await into.readLinks().catch(() => []);
  const stranded = links.find(({ name }) => name === passingNameOf(index));
  if (stranded !== undefined) await into.program([{ step: 'delete', index: stranded.index }]);
}

function encodeStep(step: LinkStep, { inode, upAddresses }: LinkProgrammer): NetlinkRequest[] {
  upAddresses.note(step);
  if (step.step === 'create') return encodeCreate(step, inode);
  if (step.step === 'set-up') return encodeUp(step, upAddresses.of(step.index));
  if (step.step === 'set-wireguard-keys') return [];
  if (step.step === 'set-emulation') return encodeEmulation(step);
  return [encodeChange(step)];
}

function encodeCreate(step: CreateStep, inode: number): NetlinkRequest[] {
  const what = `create ${step.link.kind} ${step.link.name} in ${step.into.name}`;
  if (!isMoved(step, inode))
    return [{ what, message: encodeNewLink(placeOf(step), step.peer === null ? null : placeOf(step.peer)) }];
  const { create, move } = encodeMovedLink(placeOf(step));
  return [
    { what, message: create },
    { what, message: move, joined: true },
  ];
}

/** The kernel says EACCES or EOPNOTSUPP to an address where IPv6 is off. */
function encodeUp(
  { index, up }: Extract<LinkStep, { step: 'set-up' }>,
  addresses: Iterable<string>,
): NetlinkRequest[] {
  const change = { what: `set link #${index} ${up ? 'up' : 'down'}`, message: encodeSetUp(index, up) };
  if (!up) return [change];
  const renewals = [...addresses].map((address) => ({
    what: `renew address ${address} of link #${index}`,
    message: encodeRenewAddress(index, address),
    done: [EACCES, EOPNOTSUPP],
  }));
  return [change, ...renewals];
}

type ChangeStep = Exclude<LinkStep, { step: 'create' | 'set-up' | 'set-wireguard-keys' | 'set-emulation' }>;

function encodeChange(step: ChangeStep): NetlinkRequest {
  switch (step.step) {
    case 'delete':
      return { what: `delete link #${step.index}`, message: encodeDeleteLink(step.index) };
    case 'set-mtu':
      return {
        what: `set MTU ${step.mtu} of link #${step.index}`,
        message: encodeSetLink(step.index, attributeU32(IFLA_MTU, step.mtu)),
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
  }
}

function encodeEmulation({
  index,
  emulation,
}: Extract<LinkStep, { step: 'set-emulation' }>): NetlinkRequest[] {
  const what = `set emulation of link #${index}`;
  if (emulation !== null) return [{ what, message: encodeSetEmulation(index, emulation) }];
  return encodeRemoveEmulation(index).map((message) => ({ what, message, done: [ENOENT, EINVAL] }));
}

function placeOf(end: { readonly link: LinkState; readonly into: Namespace; readonly index: number }) {
  const link = { ...end.link, name: end.into.deviceOf(end.link.name) };
  return { link, namespaceFd: end.into.fd, index: end.index };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new VinetError('kernel', errorText(error));
}
