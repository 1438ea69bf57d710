import { expect, test } from 'vitest';
import { ApiError } from '../../src/cli/api-client.ts';
import { renderFailure } from '../../src/cli/failure-report.ts';
import { VinetError } from '../../src/model/vinet-error.ts';
import { recordingTerminal } from './recording-terminal.ts';

const { paint } = recordingTerminal().terminal;

test('every problem of a file stands on its own line, where an editor can jump to it', () => {
  const error = new ApiError(422, {
    code: 'invalid-overlay',
    message: 'the overlay has 3 problems',
    problems: [
      {
        code: 'unknown-field',
        path: 'spec.topolgy',
        message: 'unknown field',
        hint: 'did you mean topology?',
        line: 7,
        column: 3,
      },
      { code: 'missing', path: 'spec.topology', message: 'is missing', line: 5 },
      { code: 'broken', path: '', message: 'not\u001b[2J YAML' },
    ],
  });
  expect(renderFailure(error, paint, 'ring.yaml').split('\n')).toEqual([
    'error: ring.yaml: the overlay has 3 problems',
    'ring.yaml:7:3 spec.topolgy: unknown field (did you mean topology?)',
    'ring.yaml:5 spec.topology: is missing',
    'ring.yaml not [2J YAML',
    '',
  ]);
});

test('every node that refuses is heard', () => {
  const error = new ApiError(409, {
    code: 'refused',
    message: '2 nodes refuse',
    refusals: [
      { node: 'n1', reason: 'no room for 10000 routers: 8 at most' },
      { node: 'n2', reason: 'did not answer in time' },
    ],
  });
  expect(renderFailure(error, paint)).toBe(
    'error: 2 nodes refuse\n  n1: no room for 10000 routers: 8 at most\n  n2: did not answer in time\n',
  );
});

test('who finds no controller learns what to start, who lacks a token where tokens come from', () => {
  const unreachable = new VinetError('unreachable', 'no controller answers');
  expect(renderFailure(unreachable, paint)).toContain('vinet lab up');
  expect(renderFailure(new ApiError(401, { code: 'unauthorized', message: 'no' }), paint)).toContain(
    'VINET_TOKEN',
  );
  expect(renderFailure(new Error('else'), paint)).toBe('error: else\n');
});
