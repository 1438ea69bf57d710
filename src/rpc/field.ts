import { MEMBER_NAME, NODE_NAME, OVERLAY_NAME } from '../model/names.ts';
import { VinetError } from '../model/vinet-error.ts';

/**
 * Checks of single fields of a message. The sender is another process and may be of another version or
 * hostile: what does not fit is a `bad-message`, which ends the stream that it came by.
 */
export function badMessage(field: string, problem: string): VinetError {
  return new VinetError('bad-message', `the message's field ${field} ${problem}`, { context: { field } });
}

/** A message or oneof member that must have been sent. */
export function part<T>(value: T | null | undefined, field: string): T {
  if (value === null || value === undefined) throw badMessage(field, 'is missing');
  return value;
}

/** A counter or identifier: proto's 64 bits hold more than a JavaScript number can say exactly. */
export function count(value: number, field: string): number {
  if (!Number.isSafeInteger(value) || value < 0) throw badMessage(field, 'is out of range');
  return value;
}

export function choice<const T extends string>(value: string, choices: readonly T[], field: string): T {
  const found = choices.find((one) => one === value);
  if (found === undefined) throw badMessage(field, `is ${quote(value)}, not one of ${choices.join(', ')}`);
  return found;
}

/** One line without control characters: nothing that could begin a line of its own in a file or a log. */
export function line(value: string, field: string): string {
  if (CONTROL_CHARACTER.test(value)) throw badMessage(field, `holds control characters: ${quote(value)}`);
  return value;
}

export function lines(values: readonly string[], field: string): string[] {
  return values.map((value) => line(value, field));
}

export function overlayName(value: string, field: string): string {
  return matching(value, OVERLAY, field);
}

export function memberName(value: string, field: string): string {
  return matching(value, MEMBER, field);
}

/** A member of another overlay, as `r3.blue`. */
export function foreignName(value: string, field: string): string {
  const [member = '', overlay = '', ...rest] = value.split('.');
  if (rest.length > 0) throw badMessage(field, `is not a proper name: ${quote(value)}`);
  return `${memberName(member, field)}.${overlayName(overlay, field)}`;
}

export function nodeName(value: string, field: string): string {
  return matching(value, NODE, field);
}

/** An overlay's name, then one or two more parts: it becomes a file's and a folder's name. */
export function namespaceName(value: string, field: string): string {
  return matching(value, NAMESPACE, field);
}

/** A device's name, as strict as Linux wherever the name becomes a path below /proc/sys. */
export function interfaceName(value: string, field: string): string {
  return matching(value, INTERFACE, field);
}

/** For an empty text or a proper name: the field says nothing, or it says a name. */
export function optional(
  value: string,
  field: string,
  check: (value: string, field: string) => string,
): string {
  return value === '' ? '' : check(value, field);
}

const OVERLAY = new RegExp(OVERLAY_NAME);
const MEMBER = new RegExp(MEMBER_NAME);
const NODE = new RegExp(NODE_NAME);
const NAMESPACE = /^[a-z][a-z0-9-]{0,23}(_[a-z][a-z0-9-]{0,31}){1,2}$/;
const INTERFACE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f\u2028\u2029]/;

function matching(value: string, pattern: RegExp, field: string): string {
  if (!pattern.test(value)) throw badMessage(field, `is not a proper name: ${quote(value)}`);
  return value;
}

function quote(value: string): string {
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
}
