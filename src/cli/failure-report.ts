import type { ErrorBody } from '../model/api.ts';
import { errorText, VinetError } from '../model/vinet-error.ts';
import { ApiError } from './api-client.ts';
import { printable, type Terminal } from './terminal.ts';

/** Any failure as lines for a person: what is wrong, where, and what to do about it. */
export function renderFailure(error: unknown, paint: Terminal['paint'], file = ''): string {
  const lines =
    error instanceof ApiError
      ? apiFailure(error, paint, file)
      : [message(paint, fileFirst(file, errorText(error)))];
  const advice = adviceFor(error);
  return [...lines, ...(advice === '' ? [] : [advice])].map((line) => `${line}\n`).join('');
}

/** `FILE:LINE:COLUMN path: message (hint)`, the form that editors jump to. */
export function renderProblem(
  problem: NonNullable<ErrorBody['error']['problems']>[number],
  file: string,
): string {
  const position =
    problem.line === undefined
      ? ''
      : `:${problem.line}${problem.column === undefined ? '' : `:${problem.column}`}`;
  const place = `${file}${position}`;
  const path = problem.path === '' ? '' : `${problem.path}: `;
  const hint = problem.hint === undefined ? '' : ` (${problem.hint})`;
  return printable(`${place === '' ? '' : `${place} `}${path}${problem.message}${hint}`);
}

function apiFailure(error: ApiError, paint: Terminal['paint'], file: string): string[] {
  const problems = error.body.problems ?? [];
  const refusals = error.body.refusals ?? [];
  return [
    message(paint, fileFirst(file, error.message)),
    ...problems.map((problem) => renderProblem(problem, file)),
    ...refusals.map((refusal) => `  ${printable(refusal.node)}: ${printable(refusal.reason)}`),
  ];
}

function message(paint: Terminal['paint'], text: string): string {
  return `${paint('error:', 'bad')} ${printable(text)}`;
}

function fileFirst(file: string, text: string): string {
  return file === '' ? text : `${file}: ${text}`;
}

function adviceFor(error: unknown): string {
  if (error instanceof ApiError && error.status === 401) {
    return (
      'Give --token-file or --token, set VINET_TOKEN, or write `tokenFile:` into ~/.config/vinet/config.yaml.\n' +
      "The controller's token stands in the file `token` of its state directory, a lab's in /run/vinet/lab/token."
    );
  }
  if (error instanceof VinetError && error.code === 'unreachable') {
    return (
      'Is it running? `vinet lab up` starts a whole lab on this machine, `vinet controller` a controller alone;\n' +
      'for another address give --address or set VINET_ADDRESS.'
    );
  }
  return '';
}
