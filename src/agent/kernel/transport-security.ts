import { constants } from 'node:os';
import type { SecurityAssociation, SecurityPolicy } from '../../model/security.ts';
import { errorText, VinetError } from '../../model/vinet-error.ts';
import type { TransportStep } from './kernel.ts';
import type { NetlinkConnection, NetlinkRequest } from './netlink-connection.ts';
import type { NetlinkVisit } from './netlink-visit.ts';
import {
  type AssociationMessage,
  createAssociationDecoder,
  encodeAddAssociation,
  encodeAssociationDump,
  encodeRemoveAssociation,
} from './security-association.ts';
import {
  createPolicyDecoder,
  encodePolicyDump,
  encodeRemovePolicy,
  encodeSetPolicy,
} from './security-policy.ts';
import { NETLINK_XFRM } from './xfrm.ts';

export type SecurityStep = Extract<
  TransportStep,
  { readonly association: unknown } | { readonly policy: unknown }
>;

/** IPsec's associations and policies of one namespace that are ours; none where the kernel has no IPsec. */
export async function readSecurity(visit: NetlinkVisit): Promise<{
  associations: SecurityAssociation[];
  policies: SecurityPolicy[];
}> {
  return ifSupported(
    visit(NETLINK_XFRM, async (connection) => ({
      associations: (await dumpAssociations(connection)).map(({ association }) => association),
      policies: await connection.dump(
        { what: 'XFRM_MSG_GETPOLICY', message: encodePolicyDump() },
        createPolicyDecoder(),
      ),
    })),
    { associations: [], policies: [] },
  );
}

/** Packets that associations of ours dropped since each was added, by reason; none where there is no association. */
export async function readAssociationDrops(visit: NetlinkVisit): Promise<Map<string, number>> {
  const total = new Map<string, number>();
  for (const { drops } of await ifSupported(visit(NETLINK_XFRM, dumpAssociations), []))
    for (const [reason, count] of Object.entries(drops)) total.set(reason, (total.get(reason) ?? 0) + count);
  return total;
}

export function isSecurityStep(step: TransportStep): step is SecurityStep {
  return 'association' in step || 'policy' in step;
}

/** Resolves with one entry a step: null, or why it failed, in words that hold no key. */
export async function programSecurity(
  visit: NetlinkVisit,
  steps: readonly SecurityStep[],
): Promise<(Error | null)[]> {
  const results: (Error | null)[] = steps.map(() => null);
  const sent: { readonly at: number; readonly request: NetlinkRequest }[] = [];
  steps.forEach((step, at) => {
    try {
      sent.push({ at, request: encodeStep(step) });
    } catch (error) {
      results[at] = asError(error);
    }
  });
  if (sent.length === 0) return results;
  const requests = sent.map(({ request }) => request);
  const errors = await visit(NETLINK_XFRM, (connection) => connection.request(requests)).catch(
    (error: unknown) => requests.map(() => asError(error)),
  );
  sent.forEach(({ at }, position) => {
    const step = steps[at];
    const error = errors[position] ?? null;
    results[at] =
      step?.step === 'add-association' && isTaken(error) ? takenBySomebody(step.association) : error;
  });
  return results;
}

function isTaken(error: Error | null): boolean {
  return error instanceof VinetError && error.code === 'exists';
}

/** What is ours was read before, and is not added again. */
function takenBySomebody({ spi, destination }: SecurityAssociation): VinetError {
  const what = `an IPsec association with SPI 0x${spi.toString(16)} to ${destination}`;
  return new VinetError('exists', `there is ${what} that somebody else made; it is left alone`);
}

function dumpAssociations(connection: NetlinkConnection): Promise<AssociationMessage[]> {
  const request = { what: 'XFRM_MSG_GETSA', message: encodeAssociationDump() };
  return connection.dump(request, createAssociationDecoder());
}

async function ifSupported<T>(reading: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof VinetError && error.code === 'unsupported') return otherwise;
    throw error;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new VinetError('kernel', errorText(error));
}

function encodeStep(step: SecurityStep): NetlinkRequest {
  switch (step.step) {
    case 'add-association':
      return {
        what: `add ${nameAssociation(step.association)}`,
        message: encodeAddAssociation(step.association),
      };
    case 'remove-association':
      return {
        what: `remove ${nameAssociation(step.association)}`,
        message: encodeRemoveAssociation(step.association),
        done: [ESRCH],
      };
    case 'set-policy':
      return { what: `set ${namePolicy(step.policy)}`, message: encodeSetPolicy(step.policy) };
    case 'remove-policy':
      return {
        what: `remove ${namePolicy(step.policy)}`,
        message: encodeRemovePolicy(step.policy),
        done: [ENOENT],
      };
  }
}

function nameAssociation({ cipher, spi, source, destination }: SecurityAssociation): string {
  return `${cipher} association 0x${spi.toString(16)} from ${source} to ${destination}`;
}

function namePolicy({ direction, source, destination }: SecurityPolicy): string {
  return `IPsec policy ${direction} from ${source} to ${destination}`;
}

const { ESRCH, ENOENT } = constants.errno;
