import fc from 'fast-check';
import { expect, test } from 'vitest';
import { daemonFilesOf, pathspaceOf } from '../../../src/agent/frr/pathspace.ts';

test("files stand where FRR's own tools look for them", () => {
  const pathspace = pathspaceOf('ring_r1');
  expect(daemonFilesOf(pathspace, 'ospfd')).toMatchObject({
    program: '/usr/lib/frr/ospfd',
    config: '/etc/frr/ring_r1/ospfd.conf',
    vty: '/var/run/frr/ring_r1/ospfd.vty',
  });
});

test('no name leads out of its folder or becomes a flag', () => {
  const names = ['', '.', '..', '../x', 'a/b', 'a.b', '-N', 'A', 'a\n', 'a\0', '_a', 'a b', 'a'.repeat(200)];
  for (const name of names) {
    expect(() => pathspaceOf(name)).toThrow(expect.objectContaining({ code: 'bad-name' }));
    expect(() => daemonFilesOf(pathspaceOf('a'), name)).toThrow(
      expect.objectContaining({ code: 'bad-name' }),
    );
  }
});

test('any text is a name with two plain folders, or refused', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      try {
        const { runDirectory, configDirectory } = pathspaceOf(name);
        expect(runDirectory).toMatch(/^\/var\/run\/frr\/[a-z][a-z0-9_-]*$/);
        expect(configDirectory).toMatch(/^\/etc\/frr\/[a-z][a-z0-9_-]*$/);
      } catch (error) {
        expect(error).toMatchObject({ code: 'bad-name' });
      }
    }),
  );
});
