import type { GuePort } from '../../../model/observation.ts';
import type { VinetError } from '../../../model/vinet-error.ts';
import { absentFamily, encodeGeneric, type GenericNetlink, readGeneric } from '../generic-netlink.ts';
import { AF_INET, AF_INET6 } from '../ip-bytes.ts';
import type { TransportStep } from '../kernel.ts';
import type { NetlinkConnection, NetlinkRequest } from '../netlink-connection.ts';
import { AttributeTable, attributeU8, attributeU16BE, NLM_F_DUMP } from '../netlink-message.ts';

/**
 * UDP ports at which the kernel receives generic UDP encapsulation (ip-fou(8)), of those that overlays are given.
 * None where the kernel has no such family.
 */
export async function readGuePorts(generic: GenericNetlink): Promise<GuePort[]> {
  if (generic.families.isAbsent(FAMILY)) return [];
  return generic.use(async (connection) => {
    const family = await generic.families.find(connection, FAMILY, 'remembered');
    return family === null ? [] : dumpPorts(connection, family);
  });
}

export type GuePortStep = Extract<TransportStep, { readonly guePort: GuePort }>;

export function isGuePortStep(step: TransportStep): step is GuePortStep {
  return step.step === 'add-gue-port' || step.step === 'remove-gue-port';
}

/**
 * Resolves with one entry a step: null, or its error. Adding what is there and removing what is not are success;
 * `unsupported` where the kernel has no such family.
 */
export async function programGuePorts(
  generic: GenericNetlink,
  steps: readonly GuePortStep[],
): Promise<(VinetError | null)[]> {
  if (steps.length === 0) return [];
  return generic.use(async (connection) => {
    const family = await generic.families.find(connection, FAMILY, 'again');
    if (family === null) return steps.map(() => absentFamily(FAMILY));
    const requests = steps.map((step) => encodeStep(family, step));
    const errors = await connection.request(requests);
    if (errors.every((error) => error === null)) return errors;
    const found = await dumpPorts(connection, family);
    return errors.map((error, at) => (error !== null && isDone(steps[at], found) ? null : error));
  });
}

/** One entry of the family's list; null for what is not GUE or not of our range. */
export function decodeGuePort(buffer: Buffer, _type: number, start: number, end: number): GuePort | null {
  const attributes = new AttributeTable(FOU_ATTR_TYPE);
  readGeneric(attributes, buffer, start, end);
  const port = attributes.u16BE(FOU_ATTR_PORT);
  const isOurs = port >= FIRST_PORT && port <= LAST_PORT;
  if (!isOurs || attributes.u8(FOU_ATTR_TYPE) !== FOU_ENCAP_GUE) return null;
  return { family: attributes.u8(FOU_ATTR_AF) === AF_INET6 ? 6 : 4, port };
}

export function encodeGuePort(family: number, command: number, { family: version, port }: GuePort): Buffer {
  return encodeGeneric(
    { family, command, flags: 0 },
    attributeU16BE(FOU_ATTR_PORT, port),
    attributeU8(FOU_ATTR_AF, version === 6 ? AF_INET6 : AF_INET),
    attributeU8(FOU_ATTR_TYPE, FOU_ENCAP_GUE),
  );
}

function encodeStep(family: number, { step, guePort }: GuePortStep): NetlinkRequest {
  const where = `UDP port ${guePort.port} over IPv${guePort.family}`;
  return step === 'add-gue-port'
    ? { what: `receive GUE at ${where}`, message: encodeGuePort(family, FOU_CMD_ADD, guePort) }
    : { what: `stop receiving GUE at ${where}`, message: encodeGuePort(family, FOU_CMD_DEL, guePort) };
}

/** No errno says that a port is there already for GUE, nor that it is not there: another program may have it. */
function isDone(step: GuePortStep | undefined, found: readonly GuePort[]): boolean {
  if (step === undefined) return false;
  const { port, family } = step.guePort;
  const isThere = found.some((entry) => entry.port === port && entry.family === family);
  return isThere === (step.step === 'add-gue-port');
}

function dumpPorts(connection: NetlinkConnection, family: number): Promise<GuePort[]> {
  const message = encodeGeneric({ family, command: FOU_CMD_GET, flags: NLM_F_DUMP });
  return connection.dump({ what: 'read the ports that GUE is received at', message }, decodeGuePort);
}

const FAMILY = 'fou';
const FOU_CMD_ADD = 1;
const FOU_CMD_DEL = 2;
const FOU_CMD_GET = 3;
const FOU_ATTR_PORT = 1;
const FOU_ATTR_AF = 2;
const FOU_ATTR_TYPE = 4;
const FOU_ENCAP_GUE = 2;

/** Ports that planners give to tunnels. */
const FIRST_PORT = 10_000;
const LAST_PORT = 32_767;
